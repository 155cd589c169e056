// Tutorial 1, 5.1.2: finding the edges in an image, the places where neighbouring pixels differ.
import Apus
import CrossCorrelation

@main
struct EdgeDetection {
    static func main() {
        // White, with a black band in the middle.
        var x = Tensor.ones(6, 8)
        x[0..., 2..<6] = 0
        print(x)

        // 1 where white turns to black, −1 where black turns to white, 0 elsewhere.
        let kernel = Tensor([[1, -1]])
        print(corr2d(x, kernel))
    }
}
