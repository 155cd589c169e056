import ApusGraph

extension SlidingWindow {
    /// Which element of a plane each place of each window meets.
    fileprivate func runs(image: [Int]) -> WindowRuns {
        WindowRuns(
            input: image, output: blocks(image), kernel: kernelSize, stride: stride, padding: padding,
            dilation: dilation)
    }

    /// Calls `body` with the position of each element of the columns that is no padding, and that in the images.
    fileprivate func forEachElement(planes: Int, image: [Int], _ body: (_ column: Int, _ pixel: Int) -> Void) {
        let (runs, count, plane) = (runs(image: image), blocks(image).reduce(1, *), image.reduce(1, *))
        for index in 0..<planes {
            for (tap, places) in runs.taps.enumerated() {
                let row = (index * taps + tap) * count
                for run in places {
                    for step in 0..<run.count {
                        body(row + run.output + step, index * plane + run.input + step * runs.inputStep)
                    }
                }
            }
        }
    }
}

extension Unfold: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (x, sizes) = (inputs[0].reals(), inputs[0].sizes)
        var columns = [Double](repeating: 0, count: outputs[0].count)
        window.forEachElement(planes: sizes[0] * sizes[1], image: Array(sizes.suffix(2))) { column, pixel in
            columns[column] = x[pixel]
        }
        outputs[0].store(columns)
    }
}

extension Fold: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let (columns, sizes) = (inputs[0].reals(), outputs[0].sizes)
        var image = [Double](repeating: 0, count: outputs[0].count)
        window.forEachElement(planes: sizes[0] * sizes[1], image: outputSize) { column, pixel in
            image[pixel] += columns[column]
        }
        outputs[0].store(image)
    }
}
