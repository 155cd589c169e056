import ApusData
import ApusGraph
import ApusInterop
import ApusModels
import ApusNN
import ApusTensorBoard
import ApusTraining

/// The exit codes of the program, after sysexits.h.
enum ExitStatus: Int32 {
    /// The work failed: a folder that cannot be written, a loss that is not a number.
    case failed = 1
    /// Wrong usage, or a name that is not known (`EX_USAGE`).
    case usage = 64
    /// Damaged data, or a checkpoint of another model (`EX_DATAERR`).
    case damaged = 65
    /// A file or a data set is missing (`EX_NOINPUT`).
    case missing = 66
    /// A device or a library is missing (`EX_UNAVAILABLE`).
    case unavailable = 69
    /// Ended by an interrupt: 128 + `SIGINT`, as shells report it.
    case interrupted = 130
}

/// An end of the program that is no success: its exit code, and what to tell the user.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    /// What is wrong and what to do; empty where nothing is to be said.
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

extension CommandFailure {
    /// The failure that an error of the libraries is for the program; nil for an error of the argument parser.
    init?(_ error: any Error) {
        let status: ExitStatus
        switch error {
        case let failure as CommandFailure:
            self = failure
            return
        case let error as DataError: status = ExitStatus(rawValue: error.exitCode) ?? .damaged
        case let error as SafetensorsError: status = ExitStatus(rawValue: error.exitCode) ?? .damaged
        case is CheckpointError, is TrainingStateMismatch, is StateDictError: status = .damaged
        case is UnknownModelError, is UnknownOptimizerError, is OptimizerSettingError, is DatasetNameError:
            status = .usage
        case GnuplotError.notInstalled: status = .unavailable
        case InspectionError.noSuchLayer, InspectionError.notAFeatureMap, InspectionError.classOutOfRange:
            status = .usage
        case is InspectionError: status = .damaged
        case is SummaryWriterError, is GnuplotError: status = .failed
        case is AtomicFile.WriteError, is TrainingError, is TensorError: status = .failed
        default: return nil
        }
        self.init(status, "\(error)")
    }
}
