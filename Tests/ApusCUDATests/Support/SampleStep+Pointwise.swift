import ApusPlan

@testable import ApusGraph
@testable import ApusReference

extension SampleStep {
    /// Elementwise functions: some by themselves, and programs that hold all functions that a type admits.
    static var pointwise: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.allCases {
            for function in [PointwiseFunction.copy, .add, .maximum, .eq, .select, .relu, .exp, .remainder, .pow]
            where isDefined(function, dtype) {
                let shapes = [dtype(2, 3, 4), dtype(3, 1), dtype(4)]
                let inputs = function.arity == 1 ? [shapes[0]] : Array(shapes.prefix(function.arity))
                steps.append(SampleStep(Pointwise(function), inputs))
            }
            for target in DType.allCases {
                steps.append(SampleStep(Pointwise(.cast, resultType: target), [dtype(2, 3)]))
            }
            steps.append(SampleStep(program(dtype, shapes: [[2, 3]]), [dtype(2, 3), dtype(3), dtype(2, 1)]))
            steps.append(
                SampleStep(
                    program(dtype, shapes: [[2, 3], [4]]),
                    [dtype(2, 3), dtype(3), dtype(2, 1), dtype(4), dtype(4), dtype(1)]))
        }
        return steps
    }

    private static func isDefined(_ function: PointwiseFunction, _ dtype: DType) -> Bool {
        if dtype == .bool, !function.takesTruthValues { return false }
        return dtype.isFloatingPoint || IntegerFunctions.refusal(function, dtype) == nil
    }

    /// All functions of three inputs of a type, a constant, and casts to all types.
    private static func program(_ dtype: DType, shapes: [Shape]) -> FusedPointwise {
        var instructions: [FusedPointwise.Instruction] = [.init(.constant(0.5), operands: [], dtype: dtype)]
        for function in PointwiseFunction.allCases where function != .cast && isDefined(function, dtype) {
            instructions.append(
                .init(
                    .function(function), operands: Array(0..<function.arity),
                    dtype: function.isPredicate ? .bool : dtype))
        }
        for target in DType.allCases { instructions.append(.init(.function(.cast), operands: [0], dtype: target)) }
        let last = 3 + instructions.count
        return FusedPointwise(
            inputTypes: [dtype, dtype, dtype], instructions: instructions, results: [4, last - 1], shapes: shapes)
    }

    /// Sums, extremes and their like, running sums, and positions of extremes.
    static var reductions: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.allCases {
            for kind in [Reduction.Kind.sum, .mean, .prod, .amax, .amin, .any, .all]
            where kind != .mean || dtype.isFloatingPoint {
                steps += [
                    // The last, the first, and some in the middle; all of many; and none.
                    SampleStep(Reduction(kind, [2], keepDim: false), [dtype(2, 3, 40)]),
                    SampleStep(Reduction(kind, [0], keepDim: true), [dtype(100, 3)]),
                    SampleStep(Reduction(kind, [0, 2], keepDim: false), [dtype(2, 3, 4, 5)]),
                    SampleStep(Reduction(kind, [0, 1], keepDim: false), [dtype(1000, 200)]),
                    SampleStep(Reduction(kind, [], keepDim: false), [dtype(2, 3)]),
                ]
            }
            for isMaximum in [true, false] {
                steps += [
                    SampleStep(ArgReduction(isMaximum: isMaximum, dimension: 1, keepDim: true), [dtype(2, 3, 4)]),
                    SampleStep(ArgReduction(isMaximum: isMaximum, dimension: 0, keepDim: false), [dtype(100_000)]),
                ]
            }
            for kind in [Scan.Kind.sum, .product] {
                for isReversed in [true, false] {
                    steps.append(SampleStep(Scan(kind, 1, isReversed: isReversed), [dtype(2, 3, 4)]))
                }
            }
        }
        for dtype in DType.reals {
            let square = FusedPointwise(
                inputTypes: [dtype, dtype],
                instructions: [
                    .init(.function(.sub), operands: [0, 1], dtype: dtype),
                    .init(.function(.square), operands: [2], dtype: dtype),
                ], results: [2, 3], shapes: [[4, 30]])
            for (kind, dimensions) in [(Reduction.Kind.sum, [0, 1]), (.mean, [1]), (.amax, [0])] {
                steps.append(
                    SampleStep(
                        FusedReduction(square, reduced: 1, Reduction(kind, dimensions, keepDim: false)),
                        [dtype(4, 30), dtype(30)]))
            }
        }
        return steps
    }
}
