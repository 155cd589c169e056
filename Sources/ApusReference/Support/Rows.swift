/// The rows along one dimension of a row-major array: `length` elements from `start`, `step` apart.
struct Rows {
    let length: Int
    let step: Int
    private let outer: Int

    init(_ sizes: [Int], along dimension: Int) {
        length = sizes[dimension]
        step = sizes[(dimension + 1)...].reduce(1, *)
        outer = sizes[..<dimension].reduce(1, *)
    }

    /// The first element of each row, in the order of the remaining dimensions.
    var starts: [Int] {
        (0..<outer).flatMap { first in (0..<step).map { first * length * step + $0 } }
    }
}
