import ApusData
import Testing

@testable import ApusTraining

@Suite struct ColorMapTests {
    /// The ends and the middle as published: colours 0, 128 (of 0 … 255) and 255.
    @Test func publishedColors() {
        #expect(ColorMap.viridis.color(at: 0).webName == "#440154")
        #expect(ColorMap.viridis.color(at: 1).webName == "#FDE725")
        #expect(ColorMap.inferno.color(at: 0).webName == "#000004")
        #expect(ColorMap.inferno.color(at: 1).webName == "#FCFFA4")
        let published: [(ColorMap, [UInt8])] = [(.viridis, [0x21, 0x91, 0x8C]), (.inferno, [0xBC, 0x37, 0x54])]
        for (map, middle) in published {
            let color = map.color(at: 128 / 255).bytes
            #expect(zip(color, middle).allSatisfy { abs(Int($0) - Int($1)) <= 2 }, "\(color)")
        }
    }

    @Test func numbersOutside() {
        for map in [ColorMap.viridis, .inferno] {
            #expect(map.color(at: -3) == map.color(at: 0) && map.color(at: .nan) == map.color(at: 0))
            #expect(map.color(at: 7) == map.color(at: 1) && map.color(at: .infinity) == map.color(at: 1))
        }
    }

    /// Lightness rises all the way (the weights of Rec. 709).
    @Test func lightnessRises() {
        for map in [ColorMap.viridis, .inferno] {
            let lightness = (0...64).map { step in
                let color = map.color(at: Float(step) / 64)
                return 0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue
            }
            #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func pictures() {
        let image = ColorMap.viridis.image(of: Image(width: 2, height: 1, channels: 1, samples: [0, 255]))
        #expect(image == Image(width: 2, height: 1, channels: 3, samples: [0x44, 0x01, 0x54, 0xFD, 0xE7, 0x25]))
    }
}
