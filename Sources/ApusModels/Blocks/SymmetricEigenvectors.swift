/// Eigenvectors of small symmetric matrices, by Jacobi's rotations (Golub & Van Loan, "Matrix Computations", 4th edition,
/// section 8.5).
enum SymmetricEigenvectors {
    /// The eigenvectors of a matrix, each of length 1, and their eigenvalues, the largest first.
    ///
    /// - Parameters:
    ///   - matrix: `size` · `size` numbers, row by row, symmetric.
    ///   - size: the number of rows.
    static func of(_ matrix: [Double], size: Int) -> (vectors: [[Double]], values: [Double]) {
        var a = matrix
        // Row i is the i-th eigenvector so far.
        var v = (0..<size * size).map { $0 / size == $0 % size ? 1.0 : 0 }
        let scale = a.reduce(0) { $0 + $1 * $1 }
        // Each sweep squares what is left beside the diagonal; ten are more than any matrix of Doubles needs.
        for _ in 0..<30 {
            let rest = (0..<size * size).reduce(0.0) { $1 / size == $1 % size ? $0 : $0 + a[$1] * a[$1] }
            if rest <= scale * 1e-30 { break }
            for p in 0..<size {
                for q in (p + 1)..<max(size, p + 1) where a[p * size + q] != 0 { rotate(&a, &v, p, q, size) }
            }
        }
        let order = (0..<size).sorted { a[$0 * size + $0] > a[$1 * size + $1] }
        return (order.map { Array(v[($0 * size)..<(($0 + 1) * size)]) }, order.map { a[$0 * size + $0] })
    }

    /// Turns rows and columns p and q so that the element between them becomes 0.
    private static func rotate(_ a: inout [Double], _ v: inout [Double], _ p: Int, _ q: Int, _ size: Int) {
        let theta = (a[q * size + q] - a[p * size + p]) / (2 * a[p * size + q])
        let t = (theta >= 0 ? 1.0 : -1.0) / (theta.magnitude + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<size {
            let (kp, kq) = (a[k * size + p], a[k * size + q])
            a[k * size + p] = c * kp - s * kq
            a[k * size + q] = s * kp + c * kq
        }
        for k in 0..<size {
            let (pk, qk) = (a[p * size + k], a[q * size + k])
            a[p * size + k] = c * pk - s * qk
            a[q * size + k] = s * pk + c * qk
            let (vp, vq) = (v[p * size + k], v[q * size + k])
            v[p * size + k] = c * vp - s * vq
            v[q * size + k] = s * vp + c * vq
        }
    }
}
