import ApusGraph
import ApusNN
import Testing

/// The expected texts were printed by PyTorch 2.15.
@Suite struct PrintingTests {
    @Test func containersIndentTheirChildren() {
        let net = Sequential(
            Conv2d(1, 6, kernelSize: 5, stride: 2, padding: 1, dilation: 2, bias: false),
            Conv2d(4, 6, kernelSize: [2, 1], padding: .same, groups: 2),
            MaxPool2d([2, 1], stride: 2, returnIndices: true), AvgPool2d(2),
            AvgPool2d([2, 3], ceilMode: true, divisorOverride: 3), Flatten(), Flatten(startDim: 0, endDim: -2),
            BatchNorm2d(3), BatchNorm2d(3, momentum: nil, affine: false), Sequential(), Identity(),
            ReLU(inplace: true), Tanh(), Sigmoid())
        #expect(
            net.description == """
                Sequential(
                  (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(2, 2), padding=(1, 1), dilation=(2, 2), bias=False)
                  (1): Conv2d(4, 6, kernel_size=(2, 1), stride=(1, 1), padding=same, groups=2)
                  (2): MaxPool2d(kernel_size=(2, 1), stride=2, padding=0, dilation=1, ceil_mode=False)
                  (3): AvgPool2d(kernel_size=2, stride=2, padding=0)
                  (4): AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)
                  (5): Flatten(start_dim=1, end_dim=-1)
                  (6): Flatten(start_dim=0, end_dim=-2)
                  (7): BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
                  (8): BatchNorm2d(3, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=True)
                  (9): Sequential()
                  (10): Identity()
                  (11): ReLU(inplace=True)
                  (12): Tanh()
                  (13): Sigmoid()
                )
                """)
    }

    @Test func listsJoinEqualNeighbours() {
        let list = ModuleList([Linear(2, 2), Linear(2, 2), Linear(2, 2), ReLU(), Linear(2, 2, bias: false)])
        #expect(
            list.description == """
                ModuleList(
                  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
                  (3): ReLU()
                  (4): Linear(in_features=2, out_features=2, bias=False)
                )
                """)
        #expect(ModuleList().description == "ModuleList()")
    }

    @Test func repeatedContainersKeepTheirIndentation() {
        let list = ModuleList((0..<2).map { _ in Sequential(Linear(2, 2), ReLU()) })
        #expect(
            list.description == """
                ModuleList(
                  (0-1): 2 x Sequential(
                    (0): Linear(in_features=2, out_features=2, bias=True)
                    (1): ReLU()
                  )
                )
                """)
    }

    private final class Collections: Module {
        let blocks: [Linear] = [Linear(1, 1), Linear(1, 1)]
        let heads: [String: Module] = ["b": ReLU(), "a": Tanh()]
        let scale = Parameter(.ones(1))
        override var extraDescription: String { "two kinds" }
    }

    @Test func arraysAndDictionariesPrintAsContainers() {
        #expect(
            Collections().description == """
                Collections(
                  two kinds
                  (blocks): ModuleList(
                    (0-1): 2 x Linear(in_features=1, out_features=1, bias=True)
                  )
                  (heads): ModuleDict(
                    (a): Tanh()
                    (b): ReLU()
                  )
                )
                """)
    }
}
