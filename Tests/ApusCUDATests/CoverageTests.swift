import ApusTestSupport
import Testing

/// Every primitive has a lowering of CUDA and a step in the samples that are compiled.
@Suite struct CoverageTests {
    @Test func everyPrimitiveHasALowering() throws {
        let lowered = try PrimitiveScan.names(/extension\s+(\w+)\s*:[^{]*?\bCUDALowerable\b/, in: "Sources/ApusCUDA")
        #expect(try PrimitiveScan.primitives().subtracting(lowered).sorted() == [])
    }

    @Test func everyPrimitiveHasASampleStep() throws {
        let sampled = Set(SampleStep.all.map { "\(type(of: $0.primitive))" })
        #expect(try PrimitiveScan.primitives().subtracting(sampled).sorted() == [])
    }

    @Test func theSampleStepsFollowTheShapeRules() {
        for sample in SampleStep.all { #expect(throws: Never.self, "\(sample)") { try sample.step() } }
    }
}
