/// An equation of Einstein's summation, `ij,jk->ik`, read and matched with the operands' shapes.
private struct EinsumEquation {
    /// A dimension's name: a letter, or one of the dimensions that an ellipsis stands for, counted from the last one.
    enum Label: Hashable {
        case letter(Character)
        case ellipsis(fromEnd: Int)
    }

    /// One name for each dimension of each operand.
    var operands: [[Label]] = []
    var result: [Label] = []
    var sizes: [Label: Int] = [:]

    init(_ equation: String, _ shapes: [Shape]) throws(TensorError) {
        let parts = try Self.split(equation)
        guard parts.inputs.count == shapes.count else {
            throw Self.error(
                equation, "names \(parts.inputs.count) operands, but \(shapes.count) are given.")
        }
        var ellipsisRank = 0
        for (number, (text, shape)) in zip(parts.inputs, shapes).enumerated() {
            let terms = try Self.terms(text, equation)
            let letters = terms.filter { $0 != nil }.count
            let rest = shape.rank - letters
            guard terms.contains(nil) ? rest >= 0 : rest == 0 else {
                throw Self.error(
                    equation,
                    "names \(letters) dimensions of operand \(number), which has \(shape.rank): \(shape.brackets).")
            }
            if terms.contains(nil) { ellipsisRank = max(ellipsisRank, rest) }
            operands.append(Self.labels(terms, ellipsisRank: rest))
            try note(shape, number, equation)
        }
        let wholeEllipsis = Self.labels([nil], ellipsisRank: ellipsisRank)
        if let text = parts.output {
            let terms = try Self.terms(text, equation)
            result = Self.labels(terms, ellipsisRank: ellipsisRank)
            guard Set(result).count == result.count else {
                throw Self.error(equation, "names a dimension of the result twice.")
            }
            for case .letter(let letter) in result where sizes[.letter(letter)] == nil {
                throw Self.error(equation, "has \(letter) in the result, which no operand has.")
            }
        } else {
            // Without an arrow: the ellipsis, then the letters that occur once, in alphabetical order.
            var counts: [Character: Int] = [:]
            for case .letter(let letter) in operands.joined() { counts[letter, default: 0] += 1 }
            result = wholeEllipsis + counts.filter { $0.value == 1 }.keys.sorted().map { .letter($0) }
        }
    }

    /// Checks and keeps the sizes of the last operand's dimensions; 1 stretches.
    private mutating func note(_ shape: Shape, _ number: Int, _ equation: String) throws(TensorError) {
        var own: [Label: Int] = [:]
        for (label, size) in zip(operands[number], shape) {
            if let other = own[label], other != size {
                throw Self.error(
                    equation,
                    "takes a diagonal of operand \(number), \(shape.brackets), whose dimensions have the sizes \(other) "
                        + "and \(size). They must be equal.")
            }
            own[label] = size
            let known = sizes[label] ?? 1
            guard known == size || known == 1 || size == 1 else {
                let name = if case .letter(let letter) = label { "\(letter)" } else { "an ellipsis" }
                throw Self.error(
                    equation,
                    "has the size \(size) for \(name) in operand \(number), \(shape.brackets), but \(known) before. "
                        + "Sizes of one letter must be equal or 1.")
            }
            sizes[label] = known == 1 ? size : known
        }
    }

    private static func split(_ equation: String) throws(TensorError) -> (inputs: [Substring], output: Substring?) {
        var left = equation[...]
        var output: Substring?
        if let arrow = equation.firstRange(of: "->") {
            left = equation[..<arrow.lowerBound]
            output = equation[arrow.upperBound...]
        }
        return (left.split(separator: ",", omittingEmptySubsequences: false), output)
    }

    /// The letters of one operand in order, nil for an ellipsis.
    private static func terms(_ text: Substring, _ equation: String) throws(TensorError) -> [Character?] {
        var terms: [Character?] = []
        var rest = text
        while let character = rest.first {
            if rest.hasPrefix("...") {
                guard !terms.contains(nil) else { throw error(equation, "has two ellipses in one operand.") }
                terms.append(nil)
                rest = rest.dropFirst(3)
                continue
            }
            guard character == " " || (character.isASCII && character.isLetter) else {
                throw error(
                    equation,
                    "holds \"\(character)\". Dimensions are letters, operands end at commas, and the result follows \"->\"."
                )
            }
            if character != " " { terms.append(character) }
            rest = rest.dropFirst()
        }
        return terms
    }

    private static func labels(_ terms: [Character?], ellipsisRank: Int) -> [Label] {
        terms.flatMap { term -> [Label] in
            if let term { return [.letter(term)] }
            return (0..<ellipsisRank).reversed().map { .ellipsis(fromEnd: $0) }
        }
    }

    private static func error(_ equation: String, _ text: String) -> TensorError {
        TensorError("einsum", "the equation \"\(equation)\" \(text)")
    }
}

/// A tensor whose dimensions have names, each once.
private struct Labelled {
    typealias Label = EinsumEquation.Label

    var tensor: Tensor
    var labels: [Label]

    /// Dimensions of one name become their diagonal.
    init(_ tensor: Tensor, _ labels: [Label]) {
        (self.tensor, self.labels) = (tensor, labels)
        while let (first, second) = repeated() {
            let label = self.labels[first]
            self.tensor = self.tensor.diagonal(dim1: first, dim2: second)
            self.labels.remove(at: second)
            self.labels.remove(at: first)
            self.labels.append(label)
        }
    }

    private func repeated() -> (Int, Int)? {
        for (second, label) in labels.enumerated() {
            if let first = labels.firstIndex(of: label), first < second { return (first, second) }
        }
        return nil
    }

    func size(_ label: Label) -> Int? { labels.firstIndex(of: label).map { tensor.shape[$0] } }

    /// Sums over dimensions.
    mutating func sum(over summed: (Label) -> Bool) {
        let dimensions = labels.indices.filter { summed(labels[$0]) }
        guard !dimensions.isEmpty else { return }
        tensor = tensor.sum(dim: dimensions)
        labels.removeAll(where: summed)
    }

    /// The dimensions in the given order; those that are missing have size 1.
    func arranged(_ order: [Label]) -> Tensor {
        let present = order.filter(labels.contains)
        let permutation = present.compactMap { labels.firstIndex(of: $0) }
        let moved = permutation == Array(labels.indices) ? tensor : tensor.permute(permutation)
        guard present.count < order.count else { return moved }
        return moved.reshape(Shape(order.map { size($0) ?? 1 }))
    }
}

extension Tensor {
    /// Einstein's summation: products of operands, summed over the dimensions that the result does not name
    /// (`torch.einsum`): `ij,jk->ik` is [I, J], [J, K] → [I, K].
    ///
    /// Each operand's dimensions are named by letters; a letter that occurs twice in one operand takes its diagonal,
    /// `...` stands for all other dimensions, which broadcast, and sizes of 1 stretch. Without `->` the result has the
    /// ellipsis and then the letters that occur once, in alphabetical order. Operands are contracted from left to
    /// right. Equations that do not fit the operands are errors.
    ///
    /// - Parameters:
    ///   - equation: the names of all dimensions.
    ///   - operands: one tensor for each group of names.
    public static func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
        checked(like: operands) { () throws(TensorError) in
            guard !operands.isEmpty else { throw TensorError("einsum", "there are no operands.") }
            let parsed = try EinsumEquation(equation, operands.map(\.shape))
            let tensors = promote(operands)
            var terms = zip(tensors, parsed.operands).map { Labelled($0, $1) }
            var current = terms.removeFirst()
            for (number, next) in terms.enumerated() {
                let later = terms[(number + 1)...].flatMap(\.labels) + parsed.result
                current = contract(current, next, keeping: Set(later), parsed.sizes)
            }
            let kept = Set(parsed.result)
            current.sum { !kept.contains($0) }
            let result = current.arranged(parsed.result)
            return result.expand(Shape(parsed.result.map { parsed.sizes[$0] ?? 1 }))
        }
    }

    /// Einstein's summation of operands that are given one by one (`torch.einsum`): `ij,jk->ik` is [I, J], [J, K] → [I,
    /// K].
    ///
    /// - Parameters:
    ///   - equation: the names of all dimensions.
    ///   - operands: one tensor for each group of names.
    public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

    /// The product of two operands, summed over the names that nobody reads later, as one stack of matrix products.
    private static func contract(
        _ left: Labelled, _ right: Labelled, keeping kept: Set<Labelled.Label>, _ sizes: [Labelled.Label: Int]
    ) -> Labelled {
        var (left, right) = (left, right)
        // What one side alone has, or stretches, need not take part in the product's sum.
        left.sum { !kept.contains($0) && (right.size($0) ?? 1) == 1 }
        right.sum { !kept.contains($0) && (left.size($0) ?? 1) == 1 }
        left.dropStretched(where: { right.labels.contains($0) })
        right.dropStretched(where: { left.labels.contains($0) })
        let shared = left.labels.filter(right.labels.contains)
        let summed = shared.filter { !kept.contains($0) }
        let batch = shared.filter(kept.contains)
        let rows = left.labels.filter { !shared.contains($0) }
        let columns = right.labels.filter { !shared.contains($0) }
        let result = batch + rows + columns
        guard !summed.isEmpty else {
            let product = left.arranged(result) * right.arranged(result)
            return Labelled(product, result)
        }
        func count(_ labels: [Labelled.Label], _ side: Labelled) -> Int {
            labels.reduce(1) { $0 * (side.size($1) ?? 1) }
        }
        let (b, m, k, n) = (count(batch, left), count(rows, left), count(summed, left), count(columns, right))
        let stacked = left.arranged(batch + rows + summed).reshape(b, m, k)
            .matmulStack(right, batch + summed + columns, batch + columns + summed, sizes: (b, k, n))
        let shape =
            batch.map { left.size($0) ?? 1 } + rows.map { left.size($0) ?? 1 } + columns.map { right.size($0) ?? 1 }
        return Labelled(stacked.reshape(Shape(shape)), result)
    }

    /// The product of this stack [B, M, K] and an operand whose dimensions lie as [B, K, N] or [B, N, K].
    private func matmulStack(
        _ right: Labelled, _ upright: [Labelled.Label], _ transposed: [Labelled.Label], sizes: (Int, Int, Int)
    ) -> Tensor {
        let (b, k, n) = sizes
        let isTransposed = right.labels == transposed && right.labels != upright
        let matrices = isTransposed ? right.tensor.reshape(b, n, k) : right.arranged(upright).reshape(b, k, n)
        let product = MatMul(transposesRight: isTransposed)
        // One matrix needs no stack.
        guard b == 1 else { return Tensor.record(product, [self, matrices], gradientName: "BmmBackward0")[0] }
        return Tensor.record(product, [squeeze(dim: 0), matrices.squeeze(dim: 0)])[0].unsqueeze(dim: 0)
    }
}

extension Labelled {
    /// Removes dimensions of size 1 that the other side has as well.
    fileprivate mutating func dropStretched(where isShared: (Label) -> Bool) {
        let dropped = labels.indices.filter { tensor.shape[$0] == 1 && isShared(labels[$0]) }
        guard !dropped.isEmpty else { return }
        tensor = tensor.squeeze(dim: dropped)
        labels = labels.indices.filter { !dropped.contains($0) }.map { labels[$0] }
    }
}
