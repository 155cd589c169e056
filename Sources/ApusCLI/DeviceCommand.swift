import ApusCPU
import ArgumentParser

/// `apus device`: lists the devices that this machine and this build can compute on.
struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Lists the devices that can compute, with threads and instruction set.")

    @Flag(help: "Print one JSON object a device.")
    var json = false

    func run() throws {
        let (threads, instructions, oneDNN) = (CPUInfo.threadCount, CPUInfo.instructionSet, CPUInfo.oneDNNVersion)
        if json {
            let line = JSONLine([
                "device": .string("cpu"), "threads": .integer(threads), "instruction_set": .string(instructions),
                "onednn": .string(oneDNN),
            ])
            StandardStreams.output(line.text)
        } else {
            StandardStreams.output("cpu: \(DeviceDescription.threads(threads)), \(instructions), oneDNN \(oneDNN)")
        }
    }
}
