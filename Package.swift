// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Apus",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Apus", targets: ["ApusReference"]),
    ],
    targets: [
        // The computing ground, from the bottom up; each target imports only what stands above it in this list.
        .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
        .target(name: "ApusGraph"),
        .target(name: "ApusPlan", dependencies: ["ApusGraph"]),
        .target(name: "ApusReference", dependencies: ["ApusPlan"]),
    ],
    swiftLanguageModes: [.v6]
)
