import ApusEngine
import ApusGraph
import Foundation
import Testing

/// One tensor and what PyTorch prints for it; `Tests/Fixtures/make_printing.py` writes them.
struct PrintingCase: Decodable, Sendable, CustomTestStringConvertible {
    let dtype: String
    let shape: [Int]
    let elements: String
    let gradient: String
    let text: String

    var testDescription: String { "\(dtype) \(shape) \(gradient)" }

    static func load() throws -> [PrintingCase] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/printing.json")
        return try JSONDecoder().decode([PrintingCase].self, from: Data(contentsOf: file))
    }

    func tensor() throws -> Tensor {
        let dtype = try #require(DType.allCases.first { $0.description == self.dtype })
        let shape = Shape(shape)
        let texts = elements.split(separator: " ").map(String.init)
        let plain: Tensor
        if dtype.isFloatingPoint {
            let numbers = try texts.map { try #require(Double($0)) }
            plain = Tensor(Self.repeated(numbers, shape.elementCount), shape: shape, dtype: dtype)
        } else {
            let numbers = try texts.map { try #require(Int64($0)) }
            plain = Tensor(Self.repeated(numbers, shape.elementCount), shape: shape, dtype: dtype)
        }
        switch gradient {
        case "none": return plain
        case "leaf": return plain.requiringGrad()
        case "mul": return plain.requiringGrad() * 1
        default: throw TensorError("printing.json", "unknown gradient \(gradient)")
        }
    }

    private static func repeated<Number>(_ numbers: [Number], _ count: Int) -> [Number] {
        (0..<count).map { numbers[$0 % numbers.count] }
    }
}

@Suite("Printing")
struct PrintingTests {
    @Test("the text is PyTorch's")
    func pytorchTexts() throws {
        let cases = try PrintingCase.load()
        #expect(cases.count >= 600)
        for printed in cases {
            let text = try printed.tensor().description
            #expect(text == printed.text, "\(printed.testDescription)")
        }
    }

    @Test("print, interpolation and String(describing:) agree")
    func everyWay() {
        let x = Tensor([[19.0, 25], [37, 43]])
        var printed = ""
        print(x, terminator: "", to: &printed)
        #expect(printed == "tensor([[19., 25.],\n        [37., 43.]])")
        #expect("\(x)" == printed)
        #expect(String(describing: x) == printed)
    }

    @Test("a matrix product names its gradient")
    func gradientNames() {
        let x = Tensor([[1.0, 2], [3, 4]]).requiringGrad()
        #expect(x.matmul(x).description == "tensor([[ 7., 10.],\n        [15., 22.]], grad_fn=<MmBackward0>)")
        #expect((x + x).detach().description == "tensor([[2., 4.],\n        [6., 8.]])")
    }

    @Test("a tensor made after an error prints without ending the program")
    func poisoned() throws {
        var text = ""
        #expect(throws: TensorError.self) {
            try withTensorErrors { text = (Tensor([1.0, 2]) + Tensor([1.0, 2, 3])).description }
        }
        #expect(text == "tensor(<no elements: made after an error>, size=(2,))")
    }
}
