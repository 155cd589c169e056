import ApusPlan
import ApusTestSupport

@testable import ApusGraph

/// A plan graph of random steps over matrices of a few shapes, with dead steps, repeated ones and donated inputs.
func randomGraph(seed: Int, steps: Int = 30) throws -> GraphBuilder {
    var generator = SeededGenerator(seed: seed)
    var builder = GraphBuilder()
    var values: [Int] = []
    for shape in [[4, 6], [4, 6], [6, 4], [4, 1], [1, 6], [6]] as [Shape] {
        values.append(builder.input(shape, isDonated: generator.real(0, 1) < 0.5))
    }
    func shape(_ value: Int) -> Shape { builder.graph.values[value].spec.shape }
    while builder.graph.steps.count < steps {
        // Recent values more often, so that chains arise.
        let a = generator.real(0, 1) < 0.6 ? generator.pick(Array(values.suffix(4))) : generator.pick(values)
        let b = generator.pick(values)
        switch generator.int(0...11) {
        case 0...2: values.append(try builder.step(generator.pick([.tanh, .sigmoid, .sin, .neg, .relu]), a))
        case 3...5:
            guard Shape.broadcast(shape(a), shape(b)) != nil else { continue }
            values.append(try builder.step(generator.pick([.add, .sub, .mul, .maximum]), a, b))
        case 6:
            let target = Shape(shape(a).dimensions.reversed())
            values.append(try builder.step(Reshape(target), a))
        case 7:
            let rank = shape(a).rank
            values.append(try builder.step(Permute(Array((0..<rank).reversed())), a))
        case 8:
            guard Shape.broadcast(shape(a), [4, 6]) == [4, 6], shape(a) != [4, 6] else { continue }
            values.append(try builder.step(Expand([4, 6]), a))
        case 9:
            guard shape(a) == [4, 6] else { continue }
            values.append(try builder.step(Reduction(.sum, [generator.int(0...1)], keepDim: true), a))
        case 10:
            guard shape(a) == [4, 6], shape(b) == [6, 4] else { continue }
            let product = try builder.step(MatMul(), a, b)
            values.append(try builder.step(MatMul(), product, a))
        default:
            guard shape(a) == [4, 6] else { continue }
            let slice = Slice(starts: [generator.int(0...1), 0], counts: [2, 3], steps: [1, 2])
            let box = try builder.step(slice, b == a || shape(b) != [4, 6] ? a : b)
            values.append(try builder.step(SliceAssign(slice), a, box))
        }
    }
    let made = builder.graph.steps.flatMap(\.outputs)
    builder.graph.outputs = Array(Set((0..<4).map { _ in generator.pick(made) })).sorted()
    return builder
}
