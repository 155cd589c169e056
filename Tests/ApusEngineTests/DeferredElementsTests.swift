import ApusEngine
import ApusGraph
import Testing

/// Reading without waiting: on the CPU, and on a GPU where there is one.
@Suite(.serialized) struct DeferredElementsTests {
    private static let devices: [Device] = [.cpu] + (Device.cuda(0).reasonForAbsence == nil ? [.cuda(0)] : [])

    @Test(arguments: devices) func tensorsOfSeveralTypesAreReadAtOnce(device: Device) throws {
        let x = Tensor([1.5, -2, 4] as [Float]).moved(to: device)
        let y = Tensor([7, 8] as [Int64]).moved(to: device)
        let read = try Tensor.readLater([x.sum(), y * 2, x .> 0, x.cast(to: .float64), .zeros([0])])
        #expect(try read.item() == 3.5)
        #expect(try read.item(of: 0, as: Int.self) == 3)
        #expect(try read.elements(of: 1, as: Int.self) == [14, 16])
        #expect(try read.elements(of: 2, as: Bool.self) == [true, false, true])
        #expect(try read.elements(of: 3, as: Double.self) == [1.5, -2, 4])
        #expect(try read.elements(of: 4) == [])
        #expect(read.isReady)
    }

    /// What was read stays, whatever becomes of the tensors and their memory, and however many reads are under way.
    @Test(arguments: devices) func readsKeepTheirElements(device: Device) throws {
        var x = Tensor([1, 2, 3] as [Float]).moved(to: device)
        var reads: [DeferredElements] = []
        for _ in 0..<20 {
            reads.append(try Tensor.readLater([x, x.sum()]))
            x = x + 1
        }
        for (number, read) in reads.enumerated() {
            #expect(try read.elements(of: 0) == [1, 2, 3].map { $0 + Float(number) })
            #expect(try read.item(of: 1) == Double(6 + 3 * number))
        }
        // Dropped before they are there: their places go to others.
        for number in 0..<20 { _ = try Tensor.readLater([x + Double(number)]) }
        #expect(try Tensor.readLater([x]).elements() == [21, 22, 23])
    }

    @Test(arguments: devices) func onlySmallTensorsAreReadLater(device: Device) throws {
        let most = DeferredElements.byteLimit / 8
        let x = Tensor.zeros([most], dtype: .float64).moved(to: device)
        #expect(try Tensor.readLater([x]).elements(as: Double.self) == [Double](repeating: 0, count: most))
        let error = #expect(throws: TensorError.self) { try Tensor.readLater([x, x.sum()]) }
        #expect(error?.description.hasPrefix("readLater: ") == true)
    }

    @Test func oneElementIsAskedForWhereThereAreMore() throws {
        let x = Tensor([1, 2] as [Float])
        let read = try Tensor.readLater([x])
        let error = #expect(throws: TensorError.self) { try read.item() as Double }
        let same = #expect(throws: TensorError.self) { try withTensorErrors { x.item() as Double } }
        #expect(error?.description == same?.description)
    }

    /// The class 5 of 2: found at once on the CPU, and with the elements on a GPU; told once, and by the first read.
    @Test(arguments: devices) func whatCannotBeComputedIsThrown(device: Device) throws {
        func pick() -> Tensor {
            let x = Tensor([1, 2] as [Float]).moved(to: device)
            return x.indexSelect(dim: 0, Tensor([5]).moved(to: device))
        }
        let expected = #expect(throws: TensorError.self) { try pick().elements() }
        var late: DeferredElements?
        let error = #expect(throws: TensorError.self) {
            let first = try Tensor.readLater([pick()])
            late = try Tensor.readLater([Tensor([1, 2] as [Float]).moved(to: device) + 1])
            try first.wait()
        }
        #expect(error?.description == expected?.description)
        if let late { #expect(try late.elements() == [2, 3]) }
        #expect(try (Tensor([1, 2] as [Float]).moved(to: device) + 1).elements() == [2, 3])
    }
}
