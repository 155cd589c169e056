import ApusEngine
import ApusGraph
import ArgumentParser

/// `apus device`: lists the devices that this machine and this build can compute on.
struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Lists the devices that can compute, and the libraries that GPUs take.",
        discussion: """
            The CPU with threads and instruction set; then each NVIDIA GPU and CUDA's libraries with their versions and \
            places, or why there is no GPU.
            """)

    @Flag(help: "Print one JSON object a device and a library.")
    var json = false

    func run() throws {
        for device in [Device.cpu] {
            guard let found = device.information else { continue }
            if json {
                let line = JSONLine([
                    "device": .string("\(device)"), "threads": .integer(found.threadCount),
                    "instruction_set": .string(found.instructionSet), "onednn": .string(found.oneDNNVersion),
                ])
                StandardStreams.output(line.text)
            } else {
                let threads = DeviceDescription.threads(found.threadCount)
                StandardStreams.output("\(device): \(threads), \(found.instructionSet), oneDNN \(found.oneDNNVersion)")
            }
        }
        let lines = GPULines(CUDAInformation.current())
        for line in json ? lines.json.map(\.text) : lines.text { StandardStreams.output(line) }
    }
}

/// What the command says of GPUs.
private struct GPULines {
    private let information: CUDAInformation

    init(_ information: CUDAInformation) { self.information = information }

    var json: [JSONLine] {
        if let problem = information.problem {
            return [JSONLine(["device": .string("cuda"), "error": .string(problem)])]
        }
        let gpus = information.gpus.map { gpu in
            JSONLine([
                "device": .string("cuda:\(gpu.index)"), "name": .string(gpu.properties.name),
                "memory_bytes": .integer(gpu.properties.memoryBytes),
                "compute_capability": .string(gpu.computeCapability), "driver": .string(gpu.driver),
            ])
        }
        let libraries = information.libraries.map { library in
            if let problem = library.problem {
                return JSONLine(["library": .string(library.name), "error": .string(problem)])
            }
            return JSONLine([
                "library": .string(library.name), "version": library.version.map { .string($0) } ?? .null,
                "path": library.path.map { .string($0) } ?? .null,
            ])
        }
        return gpus + libraries
    }

    var text: [String] {
        if let problem = information.problem { return ["no GPU: \(problem)"] }
        let gpus = information.gpus.map { gpu in
            let gibibytes = (Double(gpu.properties.memoryBytes) / 0x1p30 * 10).rounded() / 10
            return "cuda:\(gpu.index): \(gpu.properties.name), \(gibibytes) GiB, compute capability "
                + "\(gpu.computeCapability), driver \(gpu.driver)"
        }
        let libraries = information.libraries.map { library in
            if let problem = library.problem { return "\(library.name): \(problem)" }
            return "\(library.name) \(library.version ?? "?"): \(library.path ?? "?")"
        }
        return gpus + libraries
    }
}
