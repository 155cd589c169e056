import ApusEngine
import ApusGraph
import ArgumentParser

/// `apus device`: lists the devices that this machine and this build can compute on.
struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Lists the devices that can compute, with threads and instruction set.")

    @Flag(help: "Print one JSON object a device.")
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
    }
}
