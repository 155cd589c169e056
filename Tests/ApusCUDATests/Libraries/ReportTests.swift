import Testing

@testable import ApusCUDA

/// What `apus device` prints, on any machine.
@Suite struct ReportTests {
    @Test func everythingIsThereOrHasAReason() {
        _ = TestWheels.hasCompiler
        let report = CUDAReport.current()
        #expect(report.libraries.map(\.name) == CUDALibrary.allCases.map(\.rawValue))
        for library in report.libraries {
            if let problem = library.problem {
                #expect(!problem.isEmpty)
                #expect(library.version == nil && library.path == nil)
            } else {
                #expect(library.path?.contains(".so") == true, "\(library)")
                let parts = library.version?.split(separator: ".").compactMap { Int($0) } ?? []
                #expect(parts.count >= 2, "\(library)")
            }
        }
        #expect(report.gpus.isEmpty == (report.problem != nil))
        for (index, gpu) in report.gpus.enumerated() {
            #expect(gpu.index == index)
            #expect(gpu.properties.memoryBytes > 0 && !gpu.properties.name.isEmpty)
            #expect(gpu.driver.contains("."))
        }
    }

    @Test(.enabled(if: TestWheels.hasCompiler, Comment(rawValue: TestWheels.reason)))
    func theVersionsAreThoseOfTheFiles() throws {
        let report = CUDAReport.current()
        let nvrtc = try #require(report.libraries.first { $0.name == "nvrtc" })
        let major = try #require(nvrtc.version?.split(separator: ".").first)
        #expect(nvrtc.path?.hasSuffix("libnvrtc.so.\(major)") == true, "\(nvrtc)")
        for name in ["cudnn", "cublasLt"] {
            let library = try #require(report.libraries.first { $0.name == name })
            guard library.problem == nil else { continue }
            #expect(library.version?.hasPrefix(name == "cudnn" ? "9." : "1") == true, "\(library)")
        }
    }
}
