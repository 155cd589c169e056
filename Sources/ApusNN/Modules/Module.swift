import ApusGraph

/// The base class of all layers and networks (`torch.nn.Module`).
///
/// A subclass declares its layers, ``Parameter``s and ``Buffer``s as stored properties and overrides ``forward(_:)``:
///
///     final class Block: Module {
///         let conv = Conv2d(16, 16, kernelSize: 3, padding: 1)
///         let bn1 = BatchNorm2d(16)
///         override func forward(_ x: Tensor) -> Tensor { x + bn1(conv(x)).relu() }
///     }
///
/// The properties are found by reflection, in declaration order, superclasses first, through optionals, arrays and
/// dictionaries (in the order of their keys). Their names in ``stateDict()`` are PyTorch's: `runningMean` becomes
/// `running_mean`, the third element of `blocks` is `blocks.2`. What reflection would miss, a `lazy var` or a tuple
/// that holds a module, is an error (see ``/ApusGraph/withTensorErrors(_:)``).
///
/// A module is a class with identity; it is not `Sendable`, and belongs to one task at a time.
open class Module: CustomStringConvertible {
    /// Whether the module is in training mode; ``train(_:)`` and ``eval()`` set it for all modules below.
    public internal(set) var isTraining = true

    /// The place within the model that was called last, such as `conv.0`.
    var path: ModulePath?
    /// The module whose call gave ``path``.
    weak var namer: Module?
    /// Whether all modules below know their place in this one.
    var hasNamedDescendants = false

    /// A module; a subclass sets its own properties first.
    public init() {}

    /// What the module computes. Call the module itself, `net(x)`, which notes the layer's path for errors and traces.
    ///
    /// A module whose call has another form leaves this alone and has a `callAsFunction` of its own.
    open func forward(_ input: Tensor) -> Tensor {
        .refuse(
            TensorError(
                typeName,
                "this module has no forward(_:) of one tensor. Override it, or use the call that the module "
                    + "documents."),
            like: [input])
    }

    /// Computes ``forward(_:)``. An error that ends the program names `file` and `line`, the place of this call.
    public func callAsFunction(_ input: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        // Calls within a model belong to the line that called the model.
        if let caller = ModulePath.current { return call(input, from: caller) }
        return CallSite.$current.withValue(CallSite(file: file, line: line)) { call(input, from: nil) }
    }

    private func call(_ input: Tensor, from caller: ModulePath?) -> Tensor {
        let place = place(below: caller)
        return ModulePath.$current.withValue(place) {
            let output = forward(input)
            if let observer = ModuleObservation.observer {
                observer.didCall(self, path: place.text, input: input, output: output)
            }
            return output
        }
    }

    /// The attributes that `print` shows between the parentheses (`extra_repr`), such as `1, 6, kernel_size=(5, 5)`.
    open var extraDescription: String { "" }

    /// The name of the class, as `print` shows it.
    ///
    /// A lazy layer overrides it, to print as what it has become.
    open var typeName: String { String(describing: type(of: self)) }

    /// The parameters, buffers and children that the module declares itself.
    var members: [ModuleMember] { ModuleReflection.members(of: self, below: Module.self) }
}

// MARK: - Places

extension Module {
    private static let rootPath = ModulePath("")

    /// Runs a call of this module: operations recorded in `body` carry the module's path.
    ///
    /// ``callAsFunction(_:file:line:)`` does this; a typed call of a subclass does it itself. The module that is called first is
    /// the root, with an empty path; it tells all modules below it their paths once. A module that is none of its
    /// descendants (made within `forward`) is named by its class.
    public func withModulePath<Result>(_ body: () throws -> Result) rethrows -> Result {
        try ModulePath.$current.withValue(place(below: ModulePath.current), operation: body)
    }

    /// The place of a call of this module; the root's where there is no caller.
    private func place(below caller: ModulePath?) -> ModulePath {
        guard let caller else {
            nameDescendants()
            return Self.rootPath
        }
        return path ?? ModulePath(caller.text.isEmpty ? "(\(typeName))" : "\(caller.text).(\(typeName))")
    }

    /// The same for a typed call; an error that ends the program names `file` and `line`, the place of the call.
    func withModulePath(file: StaticString, line: UInt, _ body: () -> Tensor) -> Tensor {
        // Calls within a model belong to the line that called the model.
        guard ModulePath.current == nil else { return withModulePath(body) }
        return CallSite.$current.withValue(CallSite(file: file, line: line)) { withModulePath(body) }
    }

    private func nameDescendants() {
        guard !hasNamedDescendants else { return }
        hasNamedDescendants = true
        for (name, module) in descendants(unique: true) where module !== self {
            // A module that another root has named must be named again when that one is called.
            if let other = module.namer, other !== self { other.hasNamedDescendants = false }
            module.namer = self
            module.path = ModulePath(name)
        }
    }
}

// MARK: - Modes

extension Module {
    /// Sets training mode (or evaluation mode) for this module and all below; returns the module.
    @discardableResult
    public func train(_ isTraining: Bool = true) -> Self {
        for module in modules() { module.isTraining = isTraining }
        return self
    }

    /// Sets evaluation mode: batch norms use their running statistics; returns the module.
    @discardableResult
    public func eval() -> Self { train(false) }

    /// Calls `body` with every module below, children before their parents, this one last; returns the module.
    @discardableResult
    public func apply(_ body: (Module) throws -> Void) rethrows -> Self {
        for (_, child) in children { try child.apply(body) }
        try body(self)
        return self
    }

    /// Moves parameters, their gradients and buffers to a device; returns the module.
    ///
    /// Inputs must be moved there too: `net(images.to(.cuda(0)))`. An optimizer's state that is not there yet is made
    /// where the parameters are; move a module before its optimizer makes its first step. A device that this machine
    /// does not have is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    @discardableResult
    public func to(_ device: Device) -> Self {
        do {
            try device.check()
        } catch {
            TensorError.raise(error)
            return self
        }
        noGrad {
            for parameter in parameters() {
                if let unknown = parameter.unknown {
                    unknown.device = device
                    continue
                }
                parameter.data = parameter.data.moved(to: device)
                parameter.grad = parameter.grad?.moved(to: device)
            }
            for buffer in buffers() {
                if let unknown = buffer.unknown {
                    unknown.device = device
                } else {
                    buffer.data = buffer.data.moved(to: device)
                }
            }
        }
        return self
    }

    /// Where the first parameter or buffer lies, and so where the inputs are to be; the CPU for a module without any.
    public var device: Device {
        if let parameter = parameters().first { return parameter.device }
        return buffers().first?.device ?? .cpu
    }

    /// Converts parameters and buffers of real types to another real type; returns the module.
    @discardableResult
    public func to(_ dtype: DType) -> Self {
        guard dtype.isFloatingPoint else {
            TensorError.raise(
                TensorError("\(typeName).to", "parameters cannot be \(dtype). Use .float32 or .float64."))
            return self
        }
        noGrad {
            for parameter in parameters() where parameter.dtype.isFloatingPoint {
                if let unknown = parameter.unknown {
                    unknown.dtype = dtype
                    continue
                }
                parameter.data = parameter.data.cast(to: dtype)
                parameter.grad = parameter.grad?.cast(to: dtype)
            }
            for buffer in buffers() where buffer.dtype.isFloatingPoint {
                if let unknown = buffer.unknown {
                    unknown.dtype = dtype
                } else {
                    buffer.data = buffer.data.cast(to: dtype)
                }
            }
        }
        return self
    }
}
