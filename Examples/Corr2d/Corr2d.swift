// Tutorial 1, 5.1.1: the two-dimensional cross-correlation, written by hand.
import Apus
import CrossCorrelation

@main
struct Corr2d {
    static func main() {
        let x = Tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
        let kernel = Tensor([[0, 1], [2, 3]])
        print(corr2d(x, kernel))
    }
}
