import ApusGraph
import Testing

@Suite("Shapes of few and of many dimensions")
struct ShapeTests {
    /// Up to six sizes below 2³¹ lie in the shape itself, others in a list.
    static let sizes: [[Int]] = [
        [], [7], [0], [2, 3], [-1, 5], [4, 3, 2], [1, 2, 3, 4], [6, 5, 4, 3, 2], [1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5, 6, 7],
        [Int(Int32.max), Int(Int32.min)], [1 << 31], [2, 1 << 40, 3],
    ]

    @Test("sizes are kept", arguments: sizes)
    func keeps(_ sizes: [Int]) {
        let shape = Shape(sizes)
        #expect(shape.dimensions == sizes && Array(shape) == sizes && shape.rank == sizes.count)
        for (position, size) in sizes.enumerated() {
            #expect(shape[position] == size && shape[position - sizes.count] == size)
            let others = Array(sizes[..<position] + sizes[(position + 1)...])
            #expect(shape.without(dimension: position) == Shape(others))
        }
    }

    @Test("one size can be replaced, in place and in a list", arguments: sizes.filter { !$0.isEmpty }, [9, 1 << 33])
    func replaces(_ sizes: [Int], _ size: Int) {
        var (shape, expected) = (Shape(sizes), sizes)
        (shape[-1], expected[sizes.count - 1]) = (size, size)
        #expect(shape.dimensions == expected && shape == Shape(expected))
        #expect(shape.hashValue == Shape(expected).hashValue)
    }

    @Test("different shapes are unequal, and have different keys")
    func tellsApart() {
        var codes: Set<[Int]> = []
        for sizes in Self.sizes {
            var code: [Int] = []
            Shape(sizes).append(to: &code)
            #expect(codes.insert(code).inserted, "\(sizes)")
            #expect(Self.sizes.filter { Shape($0) == Shape(sizes) } == [sizes])
        }
    }

    @Test("many dimensions broadcast")
    func broadcasts() {
        let (left, right): (Shape, Shape) = ([2, 1, 4, 1, 6, 1, 8], [3, 1, 5, 6, 7, 1])
        #expect(Shape.broadcast(left, right) == [2, 3, 4, 5, 6, 7, 8])
        #expect(Shape.broadcast([2, 3], [4, 3]) == nil)
    }
}
