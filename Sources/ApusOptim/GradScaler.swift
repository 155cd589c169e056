import ApusEngine
import ApusGraph
import ApusNN

/// Scales a loss so that small gradients do not vanish in `float16`, and leaves steps out whose gradients overflowed
/// (`torch.amp.GradScaler`).
///
///     let scaler = GradScaler()
///     for (images, labels) in loader {
///         let loss = autocast(.float16) { crossEntropy(net(images), labels) }
///         optimizer.zeroGrad()
///         scaler.scale(loss).backward()
///         scaler.unscale(optimizer)  // only where gradients are looked at or clipped
///         clipGradNorm(net.parameters(), maxNorm: 1)
///         scaler.step(optimizer)
///         scaler.update()
///     }
///
/// The scale is a number of single precision. It is multiplied by ``backoffFactor`` at ``update(newScale:)`` where a
/// gradient was infinite or NaN, and by ``growthFactor`` once ``growthInterval`` updates in a row were without such.
/// A step reads one number from the device. `Trainer(precision: .float16)` has a scaler of its own.
///
/// Calls that do not fit together are errors (see ``/ApusGraph/withTensorErrors(_:)``).
public final class GradScaler {
    /// What the scale is multiplied by when it grows, above 1.
    public var growthFactor: Double
    /// What the scale is multiplied by behind a gradient that is not finite, below 1.
    public var backoffFactor: Double
    /// How many updates in a row must be without such a gradient before the scale grows, at least 1.
    public var growthInterval: Int
    /// Whether anything is scaled; where it is not, ``step(_:)`` is the optimizer's and all else does nothing.
    public let isEnabled: Bool

    private var factor: Float
    private var growthTracker = 0
    /// Whether a loss was scaled: without one there is nothing to undo.
    private var hasScaled = false
    /// What happened to optimizers since the last update.
    private var records: [ObjectIdentifier: Record] = [:]

    private struct Record {
        /// One number for each device: 0, or NaN where a gradient there is not finite.
        let sums: [Tensor]
        /// Whether the optimizer has made its step.
        var hasStepped = false
        /// Whether a gradient is not finite, once that was read.
        var hasOverflowed: Bool?
    }

    /// Creates a scaler.
    ///
    /// - Parameters:
    ///   - initScale: the first scale, above 0; `65536` by default.
    ///   - growthFactor: what the scale is multiplied by when it grows, above 1; `2` by default.
    ///   - backoffFactor: what the scale is multiplied by behind a gradient that is not finite, below 1; `0.5` by
    ///     default.
    ///   - growthInterval: how many updates in a row must be without such a gradient before the scale grows, at least 1;
    ///     `2000` by default.
    ///   - isEnabled: whether anything is scaled; `true` by default.
    ///
    /// Numbers out of these ranges are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        initScale: Double = 65536, growthFactor: Double = 2, backoffFactor: Double = 0.5, growthInterval: Int = 2000,
        isEnabled: Bool = true
    ) {
        (self.growthFactor, self.backoffFactor) = (growthFactor, backoffFactor)
        (self.growthInterval, self.isEnabled) = (growthInterval, isEnabled)
        factor = Float(initScale)
        guard isEnabled else { return }
        let checks = [
            (initScale > 0 && initScale.isFinite, "initScale is \(initScale). It must be above 0 and finite."),
            (growthFactor > 1, "growthFactor is \(growthFactor). It must be above 1."),
            (backoffFactor < 1, "backoffFactor is \(backoffFactor). It must be below 1."),
            (growthInterval >= 1, "growthInterval is \(growthInterval). It must be 1 or more."),
        ]
        for (isRight, message) in checks where !isRight { Self.refuse(message) }
    }

    /// What losses are multiplied by now (`get_scale`); 1 where the scaler is not enabled.
    public var currentScale: Double { isEnabled ? Double(factor) : 1 }

    /// The loss, or another tensor to be derived, times the scale.
    ///
    /// - Parameter loss: of any shape and a real type.
    public func scale(_ loss: Tensor) -> Tensor {
        guard isEnabled else { return loss }
        hasScaled = true
        return loss * Tensor(scalar: Double(factor), dtype: loss.dtype)
    }

    /// Divides the gradients of an optimizer's parameters by the scale (`unscale_`): before they are clipped or looked at.
    ///
    /// ``step(_:)`` does it where it was not done. Nothing is computed before that. Calling it twice for one optimizer
    /// between two updates, behind ``step(_:)``, or before any loss was scaled is an error.
    public func unscale(_ optimizer: Optimizer) {
        guard isEnabled else { return }
        guard checkHasScaled("unscale") else { return }
        if let record = records[ObjectIdentifier(optimizer)] {
            Self.refuse(
                record.hasStepped
                    ? "unscale is called behind step. Call it before, or not at all."
                    : "unscale was called for this optimizer since the last update. Call it once a step.")
            return
        }
        records[ObjectIdentifier(optimizer)] = noGrad { unscaled(optimizer) }
    }

    private func unscaled(_ optimizer: Optimizer) -> Record {
        // As PyTorch: in double precision, then rounded.
        let inverse = Double(Float(1 / Double(factor)))
        var factors: [DType: (inverse: Tensor, zero: Tensor)] = [:]
        var parts: [(device: Device, parts: [Tensor])] = []
        for parameter in optimizer.parameters {
            guard let gradient = parameter.grad else { continue }
            let dtype = gradient.dtype
            let numbers = factors[dtype] ?? (Tensor(scalar: inverse, dtype: dtype), Tensor(scalar: 0, dtype: dtype))
            factors[dtype] = numbers
            // 0 · g is 0 for finite numbers and NaN for others. Gradients are looked at before they are divided: a scale
            // below 1 may make infinite what was not.
            let part = (gradient * numbers.zero).sum().cast(to: .float32).reshape([1])
            if let place = parts.firstIndex(where: { $0.device == gradient.device }) {
                parts[place].parts.append(part)
            } else {
                parts.append((gradient.device, [part]))
            }
            parameter.grad = gradient * numbers.inverse
        }
        return Record(sums: parts.map { Tensor.cat($0.parts).sum() })
    }

    /// Updates an optimizer's parameters, unless one of their gradients is infinite or NaN: then nothing changes.
    ///
    /// All that is pending is computed, gradients and losses, and one number is read; then the optimizer makes its step.
    /// A second call for one optimizer between two updates, one before any loss was scaled, and an optimizer whose
    /// parameters have no gradients are errors.
    ///
    /// - Parameter optimizer: what makes the step; not ``LBFGS``, which needs a closure.
    /// - Returns: whether the optimizer made its step.
    @discardableResult
    public func step(_ optimizer: Optimizer) -> Bool {
        guard isEnabled else {
            optimizer.step()
            return true
        }
        let key = ObjectIdentifier(optimizer)
        if records[key]?.hasStepped == true {
            Self.refuse("step was called for this optimizer since the last update. Call update() behind each step.")
            return false
        }
        if records[key] == nil { unscale(optimizer) }
        // Without one, unscale has refused.
        guard var record = records[key] else { return false }
        guard !record.sums.isEmpty else {
            Self.refuse("no parameter of this optimizer has a gradient. Call backward() before step.")
            return false
        }
        do {
            let hasOverflowed = try Self.hasOverflowed(record)
            (record.hasStepped, record.hasOverflowed) = (true, hasOverflowed)
            records[key] = record
            if !hasOverflowed { optimizer.step() }
            return !hasOverflowed
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("GradScaler", "\(error)"))
            return false
        }
    }

    /// An optimizer's step by a closure: an error where the scaler is enabled, as in PyTorch, since the gradients of its
    /// later calls could not be looked at before they are used.
    ///
    /// - Parameters:
    ///   - optimizer: what makes the step, such as ``LBFGS``.
    ///   - closure: computes the loss and its gradients.
    /// - Returns: the loss.
    @discardableResult
    public func step(_ optimizer: Optimizer, _ closure: () -> Tensor) -> Tensor {
        guard isEnabled else { return optimizer.step(closure) }
        return .refuse(
            TensorError(
                "GradScaler",
                "steps by a closure are not supported. Call step(optimizer) with another optimizer than LBFGS, or make "
                    + "the scaler with isEnabled: false."))
    }

    /// Whether a gradient is not finite, by what is known or by reading from the device.
    private static func hasOverflowed(_ record: Record) throws -> Bool {
        try record.hasOverflowed ?? record.sums.contains { try $0.elements(as: Float.self)[0].isNaN }
    }

    /// Changes the scale by what was found since the last update; called behind the steps of all optimizers.
    ///
    /// A call before any loss was scaled, or before ``unscale(_:)`` and ``step(_:)``, is an error.
    ///
    /// - Parameter newScale: what the scale becomes, whatever was found; `nil` by default.
    public func update(newScale: Double? = nil) {
        guard isEnabled, checkHasScaled("update") else { return }
        if let newScale {
            factor = Float(newScale)
        } else {
            let found = records.values.filter { !$0.sums.isEmpty }
            guard !found.isEmpty else {
                Self.refuse("no gradients were looked at since the last update. Call step before update.")
                return
            }
            do {
                adapt(hasOverflowed: try found.contains { try Self.hasOverflowed($0) })
            } catch {
                TensorError.raise(error as? TensorError ?? TensorError("GradScaler", "\(error)"))
            }
        }
        records.removeAll()
    }

    private func adapt(hasOverflowed: Bool) {
        guard !hasOverflowed else {
            factor = Float(Double(factor) * backoffFactor)
            growthTracker = 0
            return
        }
        growthTracker += 1
        guard growthTracker == growthInterval else { return }
        growthTracker = 0
        let grown = Float(Double(factor) * growthFactor)
        if grown.isFinite { factor = grown }
    }

    private func checkHasScaled(_ function: String) -> Bool {
        if !hasScaled { Self.refuse("\(function) is called, but no loss was scaled. Call scale(loss).backward().") }
        return hasScaled
    }

    private static func refuse(_ message: String) { TensorError.raise(TensorError("GradScaler", message)) }
}

/// All that a ``GradScaler`` keeps, to be saved and restored (`torch.amp.GradScaler.state_dict`).
public struct GradScalerState: Sendable, Hashable, Codable {
    /// What losses are multiplied by.
    public var scale: Double
    /// What the scale is multiplied by when it grows.
    public var growthFactor: Double
    /// What the scale is multiplied by behind a gradient that is not finite.
    public var backoffFactor: Double
    /// How many updates without such a gradient make the scale grow.
    public var growthInterval: Int
    /// How many such updates there were in a row (`_growth_tracker`).
    public var growthTracker: Int

    /// A state of these numbers.
    ///
    /// - Parameters:
    ///   - scale: what losses are multiplied by.
    ///   - growthFactor: what the scale is multiplied by when it grows.
    ///   - backoffFactor: what the scale is multiplied by behind a gradient that is not finite.
    ///   - growthInterval: how many updates without such a gradient make the scale grow.
    ///   - growthTracker: how many such updates there were in a row.
    public init(
        scale: Double, growthFactor: Double, backoffFactor: Double, growthInterval: Int, growthTracker: Int
    ) {
        (self.scale, self.growthFactor, self.backoffFactor) = (scale, growthFactor, backoffFactor)
        (self.growthInterval, self.growthTracker) = (growthInterval, growthTracker)
    }
}

extension GradScaler {
    /// All that the scaler keeps between two updates; nil where it is not enabled.
    public func stateDict() -> GradScalerState? {
        guard isEnabled else { return nil }
        return GradScalerState(
            scale: Double(factor), growthFactor: growthFactor, backoffFactor: backoffFactor,
            growthInterval: growthInterval, growthTracker: growthTracker)
    }

    /// Goes on where the scaler that made `state` stopped; does nothing where this one is not enabled.
    ///
    /// - Parameter state: of a scaler that was enabled.
    public func load(_ state: GradScalerState) {
        guard isEnabled else { return }
        (factor, growthTracker) = (Float(state.scale), state.growthTracker)
        (growthFactor, backoffFactor, growthInterval) = (
            state.growthFactor, state.backoffFactor, state.growthInterval
        )
    }
}
