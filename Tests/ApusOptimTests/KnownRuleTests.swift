import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Foundation
import Testing

/// A rule that is replayed as it was recorded in an earlier step computes what it computes when it is recorded anew.
@Suite struct KnownRuleTests {
    /// An optimizer whose hyperparameters are changed in the middle of training.
    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let replay: @Sendable () throws -> Void
        let compareAlone: @Sendable () throws -> Void

        init<Options: OptimizerOptions>(
            _ name: String, _ options: Options, _ changes: [@Sendable (inout Options) -> Void],
            _ make: @escaping @Sendable ([ParameterGroup<Options>]) -> GroupedOptimizer<Options>
        ) {
            testDescription = name
            replay = { try Self.replay(options, changes, make) }
            compareAlone = { try Self.compareAlone(options, make) }
        }

        private static let shapes: [Shape] = [[3, 4], [5], [2, 6], [5], [7]]

        private static func parameters() -> [Parameter] {
            shapes.enumerated().map { index, shape in
                Parameter(values(shape, index).cast(to: index == 2 ? .float64 : .float32))
            }
        }

        private static func values(_ shape: Shape, _ seed: Int) -> Tensor {
            Tensor((0..<shape.elementCount).map { Float(sin(Double(seed * 31 + $0 * 7))) }, shape: shape)
        }

        private static func setGradients(_ parameters: [Parameter], step: Int) {
            for (index, parameter) in parameters.enumerated() {
                let gradient = values(parameter.shape, step * 13 + index).cast(to: parameter.dtype)
                // One parameter is left out now and then, and so counts its own steps.
                parameter.grad = index == 1 && step % 4 == 2 ? nil : gradient
            }
        }

        /// One optimizer goes through all steps; beside it a new one makes each step from the same state.
        private static func replay<Options: OptimizerOptions>(
            _ first: Options, _ changes: [@Sendable (inout Options) -> Void],
            _ make: ([ParameterGroup<Options>]) -> GroupedOptimizer<Options>
        ) throws {
            var courses = [first, first, first]
            for change in changes {
                var changed = first
                change(&changed)
                courses += [changed, changed, first]
            }
            let parameters = parameters()
            let optimizer = make([ParameterGroup(parameters, first)])
            for (step, options) in courses.enumerated() {
                let copies = parameters.map { Parameter($0.data) }
                let fresh = make([ParameterGroup(copies, options)])
                try fresh.load(optimizer.stateDict())
                optimizer.groups[0].options = options
                fresh.groups[0].options = options
                for (parameters, optimizer) in [(parameters, optimizer), (copies, fresh)] {
                    setGradients(parameters, step: step)
                    optimizer.step()
                }
                try expectSame(parameters, optimizer, copies, fresh, "step \(step)")
            }
        }

        /// All parameters in one optimizer, and each in one of its own.
        private static func compareAlone<Options: OptimizerOptions>(
            _ options: Options, _ make: ([ParameterGroup<Options>]) -> GroupedOptimizer<Options>
        ) throws {
            let (together, alone) = (parameters(), parameters())
            let optimizer = make([ParameterGroup(together, options)])
            let optimizers = alone.map { make([ParameterGroup([$0], options)]) }
            for step in 0..<4 {
                setGradients(together, step: step)
                setGradients(alone, step: step)
                optimizer.step()
                for optimizer in optimizers { optimizer.step() }
            }
            for index in together.indices {
                try expectSame([together[index]], optimizer, [alone[index]], optimizers[index], "parameter \(index)")
            }
        }

        private static func expectSame(
            _ parameters: [Parameter], _ optimizer: Optimizer, _ others: [Parameter], _ other: Optimizer,
            _ place: String
        ) throws {
            for (parameter, copy) in zip(parameters, others) {
                let (state, expected) = (optimizer.state(of: parameter), other.state(of: copy))
                #expect(try bits(parameter.data) == bits(copy.data), "\(place)")
                #expect(state.step == expected.step, "\(place)")
                #expect(state.numbers == expected.numbers, "\(place)")
                #expect(try state.tensors.mapValues(bits) == expected.tensors.mapValues(bits), "\(place)")
            }
        }

        private static func bits(_ tensor: Tensor) throws -> [UInt8] { try tensor.withElements { [UInt8]($0) } }
    }

    private static let courses = [
        Course(
            "SGD", SGD.Options(lr: 0.1),
            [
                { $0.lr = 0.03 }, { $0.momentum = 0.9 }, { ($0.momentum, $0.nesterov) = (0.8, true) },
                { $0.weightDecay = 0.1 }, { $0.maximize = true }, { ($0.momentum, $0.dampening) = (0.5, 0.1) },
            ]
        ) { SGD($0) },
        Course(
            "Adam", Adam.Options(),
            [
                { $0.lr = 0.1 }, { $0.betas = (0.4, 0.3) }, { $0.eps = 0.1 }, { $0.weightDecay = 0.1 },
                { ($0.weightDecay, $0.decoupledWeightDecay) = (0.1, true) }, { $0.amsgrad = true },
                { $0.maximize = true },
            ]
        ) { Adam($0) },
        Course(
            "NAdam", NAdam.Options(),
            [
                { $0.betas = (0.4, 0.3) }, { $0.weightDecay = 0.1 }, { $0.momentumDecay = 0.1 },
                { ($0.weightDecay, $0.decoupledWeightDecay) = (0.1, true) },
            ]
        ) { NAdam($0) },
        // From the sixth step on the steps are rectified, as long as β₂ is near 1.
        Course(
            "RAdam", RAdam.Options(),
            [
                { $0.lr = 0.1 }, { $0.betas = (0.4, 0.3) }, { $0.weightDecay = 0.1 },
                { ($0.weightDecay, $0.decoupledWeightDecay) = (0.1, true) },
            ]
        ) { RAdam($0) },
        Course("Adamax", Adamax.Options(), [{ $0.betas = (0.4, 0.3) }, { $0.weightDecay = 0.1 }]) { Adamax($0) },
        Course(
            "RMSprop", RMSprop.Options(),
            [
                { $0.alpha = 0.3 }, { $0.centered = true }, { $0.momentum = 0.9 }, { $0.weightDecay = 0.1 },
            ]
        ) { RMSprop($0) },
        Course("Adagrad", Adagrad.Options(), [{ $0.lrDecay = 0.1 }, { $0.weightDecay = 0.1 }]) { Adagrad($0) },
        Course("Adadelta", Adadelta.Options(), [{ $0.rho = 0.3 }, { $0.weightDecay = 0.1 }]) { Adadelta($0) },
        Course("Rprop", Rprop.Options(), [{ $0.etas = (0.4, 1.5) }, { $0.stepSizes = (0.01, 0.02) }]) { Rprop($0) },
        Course(
            "ASGD", ASGD.Options(t0: 3),
            [
                { $0.lambd = 0.1 }, { $0.t0 = 100 }, { $0.weightDecay = 0.1 },
            ]
        ) { ASGD($0) },
        Course("Adafactor", Adafactor.Options(), [{ $0.lr = 0.1 }, { $0.weightDecay = 0.1 }]) { Adafactor($0) },
    ]

    @Test(arguments: courses)
    func replayedStepsAreThoseOfANewOptimizer(course: Course) throws { try course.replay() }

    @Test(arguments: courses)
    func parametersDoNotDependOnTheirNeighbours(course: Course) throws { try course.compareAlone() }
}
