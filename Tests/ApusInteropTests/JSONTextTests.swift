import ApusInterop
import Foundation
import Testing

@Suite("JSONText")
struct JSONTextTests {
    @Test func charactersAreEscapedWhereTheyMustBe() throws {
        let text = "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f} é😀"
        let quoted = JSONText.quoted(text)
        #expect(quoted == #""\"\\/\b\f\n\r\t\u0000\u001f\#u{7f} é😀""#)
        #expect(try JSONDecoder().decode(String.self, from: Data(quoted.utf8)) == text)
    }

    @Test(
        arguments: [
            0, -0.0, 0.1, 1 / 3, 1e16, 1e-30, -2.5e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ] as [Double])
    func numbersReadBackTheSame(number: Double) throws {
        let text = JSONText.number(number)
        #expect(try JSONDecoder().decode(Double.self, from: Data(text.utf8)) == number, "\(text)")
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity]) func thereIsNoWordForOtherNumbers(number: Double) {
        #expect(JSONText.number(number) == "null")
    }

    @Test func objectsAndArraysAreCompactAndInOrder() {
        #expect(JSONText.array([]) == "[]")
        #expect(JSONText.object([]) == "{}")
        let text = JSONText.object([("b\"", JSONText.array([1, -2])), ("a", JSONText.object([("c", "3")]))])
        #expect(text == #"{"b\"":[1,-2],"a":{"c":3}}"#)
    }
}
