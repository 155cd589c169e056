import ApusGraph

/// The middle of an array seen as [outer, size, inner], for kernels that take or put elements by position along it.
struct IndexedRows {
    let outer: Int
    let size: Int
    let inner: Int

    init(_ sizes: [Int], along dimension: Int) {
        outer = sizes[..<dimension].reduce(1, *)
        size = sizes[dimension]
        inner = sizes[(dimension + 1)...].reduce(1, *)
    }

    /// The flat position of an element.
    func place(_ o: Int, _ position: Int, _ i: Int) -> Int { (o * size + position) * inner + i }

    /// For each position of `positions`, shaped [outer, K, inner], the flat position of the element that it names.
    func places(_ positions: ArrayView, dimension: Int, operation: String) throws(TensorError) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(positions.count)
        let count = positions.sizes[dimension]
        for (flat, position) in positions.integers().enumerated() {
            guard position >= 0, position < Int64(size) else {
                throw TensorError.indexOutOfRange(
                    operation: operation, position, at: WindowRuns.position(flat, in: positions.sizes),
                    dimension: dimension, size: size)
            }
            places.append(place(flat / (count * inner), Int(position), flat % inner))
        }
        return places
    }
}

/// Copies elements of one type from some flat positions to others; nil stands for 0, 1, 2 …
func moveElements(
    _ count: Int, from source: ArrayView, _ sourcePlaces: [Int]? = nil, to target: MutableArrayView,
    _ targetPlaces: [Int]? = nil
) {
    precondition(source.dtype == target.dtype, "\(source.dtype) elements are copied to \(target.dtype)")
    func move<Bits>(as type: Bits.Type) {
        let from = source.pointer.assumingMemoryBound(to: Bits.self)
        let to = target.pointer.assumingMemoryBound(to: Bits.self)
        for index in 0..<count { to[targetPlaces?[index] ?? index] = from[sourcePlaces?[index] ?? index] }
    }
    // The bits are moved as they are, so three types serve all.
    switch source.dtype.byteCount {
    case 1: move(as: UInt8.self)
    case 4: move(as: UInt32.self)
    default: move(as: UInt64.self)
    }
}

/// Adds elements to those at some flat positions of a copy of `base`, in order.
func addElements(_ elements: ArrayView, at places: [Int?], to base: ArrayView, into target: MutableArrayView) {
    if target.dtype.isFloatingPoint {
        var sums = base.reals()
        for (element, place) in zip(elements.reals(), places) { if let place { sums[place] += element } }
        target.store(sums)
    } else {
        var sums = base.integers()
        for (element, place) in zip(elements.integers(), places) { if let place { sums[place] &+= element } }
        target.store(sums)
    }
}
