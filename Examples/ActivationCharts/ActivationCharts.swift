// Tutorial 3, 6: each activation beside its derivative, which autograd computes; and three that do not vanish below 0.
//
//     ActivationCharts --out pictures
import Apus
import Foundation

@main
struct ActivationCharts {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 1 || (arguments.count == 3 && arguments[1] == "--out") else {
            FileHandle.standardError.write(Data("usage: ActivationCharts [--out FOLDER]\n".utf8))
            exit(64)
        }
        let out = arguments.count == 3 ? arguments[2] : "pictures"
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            FileHandle.standardError.write(Data("ActivationCharts: \(error.localizedDescription)\n".utf8))
            exit(1)
        }

        let activations: [(String, Module)] = [
            ("Sigmoid", Sigmoid()), ("Tanh", Tanh()), ("ReLU", ReLU()), ("LeakyReLU", LeakyReLU(negativeSlope: 0.1)),
            ("ELU", ELU()), ("SELU", SELU()), ("GELU", GELU()), ("SiLU", SiLU()), ("Mish", Mish()),
            ("Softplus", Softplus()), ("Hardswish", Hardswish()), ("Hardsigmoid", Hardsigmoid()),
        ]
        let charts = activations.map { name, module in
            let curve = Curve(module)
            print(
                "\(name): output \(range(curve.y)), derivative \(range(curve.derivative))")
            return LineChart(
                title: name,
                series: [
                    .init("f(x)", x: curve.x, y: curve.y), .init("f'(x)", x: curve.x, y: curve.derivative),
                ])
        }
        try ChartSheet(charts, columns: 4, width: 400, height: 300).write(to: out + "/activations.png")

        // Slopes below 0: fixed, learned (here as it starts), and drawn anew for each number while training.
        manualSeed(6)
        // RReLU first, so that the others are drawn over its jagged line.
        let family: [(String, Module)] = [
            ("RReLU", RReLU()), ("LeakyReLU(0.01)", LeakyReLU(negativeSlope: 0.01)), ("PReLU(0.25)", PReLU()),
        ]
        let series = family.map { name, module in
            let curve = Curve(module)
            print("\(name): output \(range(curve.y))")
            return LineChart.Series(name, x: curve.x, y: curve.y)
        }
        let chart = LineChart(title: "ReLU with a slope below 0", xLabel: "x", series: series)
        try ChartSheet([chart]).write(to: out + "/relu-family.png")
        print("pictures in \(out)")
    }

    /// A function and its derivative from −6 to 6.
    struct Curve {
        let x: [Double]
        let y: [Double]
        let derivative: [Double]

        init(_ module: Module) {
            // Steps of 0.025, and none at a kink.
            let points = (Tensor.arange(480).cast(to: .float32) * 0.025 - 5.9875).requiringGrad()
            let values = module(points)
            values.sum().backward()
            x = points.array(as: Double.self)
            y = values.array(as: Double.self)
            derivative = points.grad?.array(as: Double.self) ?? []
        }
    }

    static func range(_ values: [Double]) -> String {
        String(format: "%.4f … %.4f", values.min() ?? .nan, values.max() ?? .nan)
    }
}
