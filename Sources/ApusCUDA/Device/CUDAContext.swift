import ApusGraph
import CCUDA
import Synchronization

/// An open GPU: its queue of work, its kernels and its memory.
///
/// All work goes through one queue (a stream), in order, so that memory that a later step takes over is free by then.
/// The engine calls it from one thread at a time; that thread calls ``makeCurrent()`` first.
public final class CUDAContext: @unchecked Sendable {
    public let index: Int
    public let properties: CUDAProperties
    public let memory: CUDAMemoryPool
    let driver: UnsafePointer<ApusDriver>
    let stream: ApusCUstream
    private let context: ApusCUcontext
    private let compiler: KernelCompiler
    private let modules = Mutex<[String: Module]>([:])
    /// One ``ApusFault`` in the GPU's memory.
    private let fault: ApusCUaddress
    /// How many faults were reported, and forgotten on the GPU, so far.
    private(set) var reportedFaults = 0
    /// Memory that the GPU reads and writes directly, for copies.
    let staging: CUDAStaging
    /// The same for results that are read later.
    let readSlots: CUDAReadSlots
    private let madeCUDNN = Mutex<CUDNN?>(nil)
    private let madeCUBLASLt = Mutex<CUBLASLt?>(nil)

    private struct Module: @unchecked Sendable {
        let pointer: ApusCUmodule
    }

    init(_ index: Int) throws {
        let driver = try CUDALibraries.driver()
        self.driver = driver
        self.index = index
        properties = try CUDAProperties(driver, index)
        var device: Int32 = 0
        try driver.check(driver.pointee.cuDeviceGet(&device, Int32(index)), "open the GPU \(index)")
        var context: ApusCUcontext?
        try driver.check(driver.pointee.cuDevicePrimaryCtxRetain(&context, device), "open the GPU \(index)")
        guard let context else { throw CUDAError("the CUDA driver gave no context for the GPU \(index).") }
        self.context = context
        try driver.check(driver.pointee.cuCtxSetCurrent(context), "use the GPU \(index)")
        var stream: ApusCUstream?
        try driver.check(
            driver.pointee.cuStreamCreate(&stream, UInt32(ApusCUDAStreamNonBlocking)), "make a queue")
        guard let stream else { throw CUDAError("the CUDA driver gave no queue for the GPU \(index).") }
        self.stream = stream
        compiler = try KernelCompiler(architecture: properties.architecture)
        memory = CUDAMemoryPool(driver, device: index)
        staging = try CUDAStaging(driver, stream)
        readSlots = CUDAReadSlots(driver)
        var fault: ApusCUaddress = 0
        try driver.check(driver.pointee.cuMemAlloc(&fault, MemoryLayout<ApusFault>.size), "take memory")
        self.fault = fault
        try driver.check(
            driver.pointee.cuMemsetD8Async(fault, 0, MemoryLayout<ApusFault>.size, stream), "clear memory")
    }

    /// To be called on each thread before it uses the GPU.
    public func makeCurrent() throws {
        try driver.check(driver.pointee.cuCtxSetCurrent(context), "use the GPU \(index)")
    }

    /// Waits until all work in the queue is done.
    public func synchronize() throws { try driver.check(driver.pointee.cuStreamSynchronize(stream), "compute") }

}

// MARK: - Libraries

extension CUDAContext {
    /// cuDNN, started when it is first needed.
    func cudnn() throws -> CUDNN {
        try madeCUDNN.withLock { made in
            if let made { return made }
            try makeCurrent()
            let library = try CUDNN(stream)
            made = library
            return library
        }
    }

    /// cuBLASLt, started when it is first needed.
    func cublasLt() throws -> CUBLASLt {
        try madeCUBLASLt.withLock { made in
            if let made { return made }
            try makeCurrent()
            let library = try CUBLASLt()
            made = library
            return library
        }
    }
}

// MARK: - Kernels

extension CUDAContext {
    /// The kernel in the GPU's code: compiled now, or by an earlier run of the program.
    func function(of kernel: CUDAKernel) throws -> ApusCUfunction {
        let text = kernel.text
        let module = try modules.withLock { modules in
            if let known = modules[text] { return known }
            let image = try compiler.image(of: text, name: kernel.source.name)
            var pointer: ApusCUmodule?
            try image.withUnsafeBytes { bytes in
                guard let code = bytes.baseAddress else { throw CUDAError("NVRTC made an empty program.") }
                try driver.check(driver.pointee.cuModuleLoadData(&pointer, code), "load the kernel \(kernel.name)")
            }
            guard let pointer else { throw CUDAError("the CUDA driver loaded no module for \(kernel.name).") }
            let module = Module(pointer: pointer)
            modules[text] = module
            return module
        }
        var function: ApusCUfunction?
        try driver.check(
            driver.pointee.cuModuleGetFunction(&function, module.pointer, kernel.name),
            "find the kernel \(kernel.name)")
        guard let function else { throw CUDAError("the CUDA driver found no kernel \(kernel.name).") }
        return function
    }

    func launch(
        _ function: ApusCUfunction, grid: (x: Int, y: Int, z: Int), block: (x: Int, y: Int, z: Int), sharedBytes: Int,
        _ arguments: [KernelArgument]
    ) throws {
        // Each argument at its own place of the buffer; the driver gets the places' addresses.
        let count = arguments.count + arguments.count { if case .fault = $0 { true } else { false } }
        let byteCount = arguments.reduce(0) { $0 + $1.placeBytes }
        try withUnsafeTemporaryAllocation(byteCount: max(byteCount, 16), alignment: 16) { buffer in
            try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: max(count, 1)) { places in
                guard var place = buffer.baseAddress else { return }
                var next = 0
                func append<Value>(_ value: Value) {
                    place.storeBytes(of: value, as: Value.self)
                    places.initializeElement(at: next, to: place)
                    place += KernelArgument.placeBytes(MemoryLayout<Value>.size)
                    next += 1
                }
                for argument in arguments {
                    switch argument {
                    case .address(let pointer): append(UInt64(UInt(bitPattern: pointer)))
                    case .int(let value): append(Int64(value))
                    case .float(let value): append(value)
                    case .double(let value): append(value)
                    case .dimensions(let dimensions): append(dimensions)
                    case .words(let words):
                        words.withUnsafeBytes { bytes in
                            UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyMemory(from: bytes)
                        }
                        places.initializeElement(at: next, to: place)
                        place += argument.placeBytes
                        next += 1
                    case .fault(let code):
                        append(fault)
                        append(Int64(code.number))
                    }
                }
                try driver.check(
                    driver.pointee.cuLaunchKernel(
                        function, UInt32(grid.x), UInt32(grid.y), UInt32(grid.z), UInt32(block.x), UInt32(block.y),
                        UInt32(block.z), UInt32(sharedBytes), stream, places.baseAddress, nil), "start a kernel")
            }
        }
    }
}

extension KernelArgument {
    /// The bytes that the parameters of an argument take in the buffer of a launch.
    fileprivate var placeBytes: Int {
        switch self {
        case .address, .int, .float, .double: Self.placeBytes(8)
        case .dimensions: Self.placeBytes(MemoryLayout<ApusDimensions>.size)
        case .words(let words): Self.placeBytes(8 * words.count)
        case .fault: 2 * Self.placeBytes(8)
        }
    }

    /// A size rounded up to what is aligned for everything.
    fileprivate static func placeBytes(_ size: Int) -> Int { (size + 15) / 16 * 16 }
}

// MARK: - Memory

extension CUDAContext {
    /// Copies within the GPU's memory.
    func copy(_ target: UnsafeMutableRawPointer, from source: UnsafeMutableRawPointer, byteCount: Int) throws {
        guard byteCount > 0 else { return }
        try driver.check(
            driver.pointee.cuMemcpyDtoDAsync(target.address, source.address, byteCount, stream), "copy memory")
    }

    /// Sets bytes to zero.
    func clear(_ target: UnsafeMutableRawPointer, byteCount: Int) throws {
        guard byteCount > 0 else { return }
        try driver.check(driver.pointee.cuMemsetD8Async(target.address, 0, byteCount, stream), "clear memory")
    }

    /// Copies bytes to the beginning of a block of the GPU's memory; they may change as soon as this returns.
    public func upload(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) throws {
        try staging.copyToDevice(target.address, from: bytes)
    }

    /// Memory of the GPU with the same contents as a block of the processor's.
    public func upload(_ source: Storage) throws -> Storage {
        let target = try memory.storage(byteCount: source.byteCount)
        try upload(UnsafeRawBufferPointer(start: source.pointer, count: source.byteCount), to: target.pointer)
        return target
    }

    /// Copies a block's first bytes to the processor's memory, once they are computed; what kernels have reported since
    /// the last call, if anything.
    func download(_ source: Storage, to target: UnsafeMutableRawBufferPointer) throws -> ApusFault? {
        let noted = try staging.copyToHost(target, from: source.pointer.address, fault: fault)
        guard noted.code != 0 else { return nil }
        try forgetFault()
        return noted
    }

    /// Makes room for the next fault, once one is reported.
    func forgetFault() throws {
        reportedFaults += 1
        try driver.check(
            driver.pointee.cuMemsetD8Async(fault, 0, MemoryLayout<ApusFault>.size, stream), "clear memory")
    }

    /// Puts copies of blocks' first bytes, and of the fault, into the queue; the blocks may be released as soon as this
    /// returns, since who gets them works with them later.
    func readLater(_ sources: [(storage: Storage, place: Range<Int>)], into slot: CUDAReadSlot) throws {
        for (storage, place) in sources where !place.isEmpty {
            try driver.check(
                driver.pointee.cuMemcpyDtoHAsync(
                    slot.memory + place.lowerBound, storage.pointer.address, place.count, stream), "copy from the GPU")
        }
        try driver.check(
            driver.pointee.cuMemcpyDtoHAsync(slot.fault, fault, MemoryLayout<ApusFault>.size, stream),
            "copy from the GPU")
        try driver.check(driver.pointee.cuEventRecord(slot.event, stream), "copy from the GPU")
    }
}

extension UnsafeMutableRawPointer {
    /// The address in a GPU's memory that the pointer stands for.
    var address: ApusCUaddress { ApusCUaddress(UInt(bitPattern: self)) }
}
