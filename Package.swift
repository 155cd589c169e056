// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Apus",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Apus", targets: ["Apus"]),
        .library(name: "ApusTensorBoard", targets: ["ApusTensorBoard"]),
        .executable(name: "apus", targets: ["ApusCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        // The computing ground, from the bottom up; each target imports only what stands above it in this list.
        .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "CEngineHook"),
        .target(name: "ApusGraph"),
        .target(name: "ApusPlan", dependencies: ["ApusGraph"]),
        .target(name: "ApusReference", dependencies: ["ApusPlan"]),
        .target(name: "ApusCPU", dependencies: ["ApusPlan", "COneDNN", "CKernels"]),
        .target(name: "CCUDA", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "ApusCUDA", dependencies: ["ApusPlan", "CCUDA"]),
        .target(
            name: "ApusEngine", dependencies: ["ApusPlan", "ApusReference", "ApusCPU", "ApusCUDA", "CEngineHook"]),

        // What users meet.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .target(name: "CPNG", dependencies: ["CLibPNG"]),
        .systemLibrary(
            name: "CLibJPEG", pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
        .target(name: "CJPEG", dependencies: ["CLibJPEG"]),
        .systemLibrary(
            name: "CLibArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]),
        .target(name: "CArchive", dependencies: ["CLibArchive"]),
        .target(name: "ApusInterop"),
        .target(name: "ApusNN", dependencies: ["ApusEngine"]),
        .target(name: "ApusOptim", dependencies: ["ApusNN"]),
        .target(name: "ApusData", dependencies: ["ApusEngine", "ApusInterop", "CKernels", "CZlib", "CPNG", "CJPEG"]),
        .target(name: "ApusModels", dependencies: ["ApusNN"]),
        .target(
            name: "ApusTraining",
            dependencies: ["ApusNN", "ApusOptim", "ApusData", "ApusModels", "ApusInterop", "CZlib"]),
        .target(name: "Apus", dependencies: ["ApusTraining"]),

        // Not under the umbrella: who writes TensorBoard's logs imports it too.
        .target(
            name: "ApusTensorBoard",
            dependencies: ["ApusNN", "ApusData", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["Messages/Definitions"]),

        // The program.
        .target(name: "ApusDataInstall", dependencies: ["ApusData", "CArchive"]),
        .target(
            name: "ApusConformance",
            dependencies: ["ApusNN", "ApusOptim", "ApusModels", "ApusInterop", "ApusData"]),
        .executableTarget(
            name: "ApusCLI",
            dependencies: [
                "Apus", "ApusConformance", "ApusDataInstall", "ApusTensorBoard",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "LayerTimes", dependencies: ["ApusConformance"], path: "Benchmarks/LayerTimes"),

        .executableTarget(name: "LoaderTimes", dependencies: ["Apus"], path: "Benchmarks/LoaderTimes"),

        // The tutorials' programs, run by the tests.
        .target(name: "CrossCorrelation", dependencies: ["Apus"], path: "Examples/CrossCorrelation"),
        .executableTarget(name: "Corr2d", dependencies: ["Apus", "CrossCorrelation"], path: "Examples/Corr2d"),
        .executableTarget(
            name: "EdgeDetection", dependencies: ["Apus", "CrossCorrelation"], path: "Examples/EdgeDetection"),
        .executableTarget(
            name: "LearnKernel", dependencies: ["Apus", "CrossCorrelation"], path: "Examples/LearnKernel"),
        .executableTarget(
            name: "TrueConvolution", dependencies: ["Apus", "CrossCorrelation"], path: "Examples/TrueConvolution"),
        .executableTarget(name: "LeNetFashionMNIST", dependencies: ["Apus"], path: "Examples/LeNetFashionMNIST"),
        .executableTarget(name: "ConvolvePhoto", dependencies: ["Apus"], path: "Examples/ConvolvePhoto"),
        .executableTarget(name: "PoolAndUnpool", dependencies: ["Apus"], path: "Examples/PoolAndUnpool"),
        .executableTarget(name: "LinearLayer", dependencies: ["Apus"], path: "Examples/LinearLayer"),
        .executableTarget(name: "ActivationCharts", dependencies: ["Apus"], path: "Examples/ActivationCharts"),
        .executableTarget(name: "ReadmeLeNet", dependencies: ["Apus"], path: "Examples/ReadmeLeNet"),

        .executableTarget(name: "ShowMNIST", dependencies: ["Apus"], path: "Examples/ShowMNIST"),
        .executableTarget(name: "LeNet5MNIST", dependencies: ["Apus"], path: "Examples/LeNet5MNIST"),
        .executableTarget(name: "ResidualShapes", dependencies: ["Apus"], path: "Examples/ResidualShapes"),
        .executableTarget(name: "TrashNetCIFAR10", dependencies: ["Apus"], path: "Examples/TrashNetCIFAR10"),
        .executableTarget(name: "CNNShapes", dependencies: ["Apus"], path: "Examples/CNNShapes"),
        .executableTarget(name: "ShowCIFAR10", dependencies: ["Apus"], path: "Examples/ShowCIFAR10"),

        // Tests.
        .target(name: "ApusTestSupport", path: "Tests/ApusTestSupport"),
        .target(name: "FuzzCases", dependencies: ["ApusData", "ApusTestSupport"], path: "Tests/FuzzCases"),
        .executableTarget(name: "FuzzReaders", dependencies: ["FuzzCases"], path: "Tests/FuzzReaders"),
        .executableTarget(name: "TrainingProbe", dependencies: ["Apus"], path: "Tests/TrainingProbe"),
        .executableTarget(name: "ResumeProbe", dependencies: ["Apus"], path: "Tests/ResumeProbe"),
        .testTarget(name: "ApusReferenceTests", dependencies: ["ApusReference"]),
        .testTarget(name: "ApusCPUTests", dependencies: ["ApusCPU", "ApusReference", "ApusEngine", "ApusTestSupport"]),
        .testTarget(
            name: "ApusCUDATests",
            dependencies: ["ApusCUDA", "CCUDA", "ApusGraph", "ApusPlan", "ApusReference", "ApusTestSupport"]),
        .testTarget(name: "ApusEngineTests", dependencies: ["ApusEngine", "ApusTestSupport"]),
        .testTarget(name: "ApusInteropTests", dependencies: ["ApusInterop", "ApusTestSupport"]),
        .testTarget(name: "ApusNNTests", dependencies: ["ApusNN"]),
        .testTarget(name: "ApusOptimTests", dependencies: ["ApusOptim"]),
        .testTarget(name: "ApusDataTests", dependencies: ["ApusData", "CZlib", "ApusTestSupport", "FuzzCases"]),
        .testTarget(name: "ApusDataInstallTests", dependencies: ["ApusDataInstall", "ApusTestSupport"]),
        .testTarget(name: "ApusModelsTests", dependencies: ["ApusTraining", "ApusTestSupport"]),
        .testTarget(name: "ApusTrainingTests", dependencies: ["ApusTraining", "ApusTestSupport"]),
        .testTarget(
            name: "ApusTensorBoardTests", dependencies: ["ApusTensorBoard", "ApusModels", "ApusTestSupport"],
            exclude: ["read_events.py"]),
        .testTarget(name: "ApusConformanceTests", dependencies: ["ApusConformance", "ApusTestSupport", "CKernels"]),
        .testTarget(name: "ApusCLITests", dependencies: ["ApusData", "ApusInterop", "ApusTestSupport"]),
        .testTarget(name: "DocumentationTests", dependencies: ["Apus"]),
        .testTarget(name: "WorkedExamplesTests", dependencies: ["ApusNN"]),
        .testTarget(name: "ExamplesTests", dependencies: ["ApusData", "ApusTestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
