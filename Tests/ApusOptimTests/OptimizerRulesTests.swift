import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

/// The rules of the optimizers, against PyTorch 2.15 in double precision: eight steps from 1.
@Suite struct OptimizerRulesTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        let name: String
        let values: [Double]
        let make: @Sendable ([Parameter]) -> Optimizer
        var testDescription: String { name }
    }

    private static let gradients = [4, 1, -2, 3, 1, 2, -1, 0.5]

    static let rules = [
        Rule(
            name: "NAdam",
            values: [
                0.8940393187413045, 0.862411364693873, 0.9023618805053832, 0.8339146993134661, 0.8019688333100853,
                0.7455446886568091, 0.7553837293770926, 0.7311882374388492,
            ]
        ) { NAdam($0, lr: 0.1, momentumDecay: 0.5) },
        Rule(
            name: "NAdam, decoupled decay",
            values: [
                0.8443548211306339, 0.7706620386534462, 0.7740734757018732, 0.6643090732225455, 0.5986806357952382,
                0.5099327971684113, 0.49841416088739227, 0.44957008207640353,
            ]
        ) { NAdam($0, lr: 0.1, weightDecay: 0.5, decoupledWeightDecay: true) },
        // The first four steps are not rectified.
        Rule(
            name: "RAdam",
            values: [
                0.6, 0.39999999999999997, 0.42857142857142855, 0.2819047619047619, 0.15932411674347155,
                -0.0025806451612903625, -0.00940302643803624, -0.02188935211832143,
            ]
        ) { RAdam($0, lr: 0.1, betas: (0.5, 0.8)) },
        Rule(
            name: "RAdam, maximizing",
            values: [
                1.35, 1.5328947368421053, 1.546217712177122, 1.6204206348968804, 1.6811381837638386,
                1.6820320503536594, 1.6824026260253817, 1.682668188330149,
            ]
        ) { RAdam($0, lr: 0.1, weightDecay: 0.5, maximize: true) },
        Rule(
            name: "Adamax",
            values: [
                0.9000000002499999, 0.8000000004999999, 0.8142857147142856, 0.7653968259883597, 0.6836763961532342,
                0.6027240156056151, 0.572802756062308, 0.49280275766230797,
            ]
        ) { Adamax($0, lr: 0.1, betas: (0.5, 0.5)) },
        Rule(
            name: "RMSprop",
            values: [
                0.8095238095238095, 0.6517857142857143, 0.6660986268327044, 0.5414368913967468, 0.41849811162789086,
                0.19940570993538045, 0.15091506905932323, 0.08472901464484964,
            ]
        ) { RMSprop($0, lr: 0.1, alpha: 0.5, eps: 0.1, momentum: 0.5, centered: true) },
        Rule(
            name: "Adagrad",
            values: [
                0.9007722123310947, 0.8847207652533786, 0.9064138110347737, 0.8845956292169885, 0.8786327812770958,
                0.8690081878936405, 0.8731604618862586, 0.8713213376893949,
            ]
        ) { Adagrad($0, lr: 0.1, lrDecay: 0.5, initialAccumulatorValue: 0.25) },
        Rule(
            name: "Adadelta",
            values: [
                0.8586669493324853, 0.792095020999169, 0.9192143085276219, 0.7477098531357826, 0.6583122841987539,
                0.5008652728006328, 0.6103588975713943, 0.5415856544712326,
            ]
        ) { Adadelta($0, rho: 0.5, eps: 0.01) },
        // By hand: 0.1 · 1.2; the sign turns: no step, then 0.06; 0.06 · 1.2, · 1.2 …
        Rule(name: "Rprop", values: [0.9, 0.78, 0.78, 0.72, 0.648, 0.5616, 0.5616, 0.5184]) { Rprop($0, lr: 0.1) },
        Rule(
            name: "ASGD",
            values: [
                0.5899999938905239, 0.48488735981389164, 0.6771615243216033, 0.37711593231440677,
                0.27635280205884394, 0.08087481691631937, 0.1758246006010848, 0.12662725034580222,
            ]
        ) { ASGD($0, lr: 0.1, lambd: 0.1, t0: 1) },
    ]

    @Test(arguments: rules) func agreesWithPyTorch(rule: Rule) {
        let parameter = Parameter(.ones([1], dtype: .float64))
        let optimizer = rule.make([parameter])
        for (step, gradient) in Self.gradients.enumerated() {
            parameter.grad = .full([1], gradient, dtype: .float64)
            optimizer.step()
            // PyTorch keeps some products of step counts in single precision.
            #expect(abs(parameter.data.item() - rule.values[step]) < 1e-7, "step \(step)")
        }
        #expect(optimizer.state(of: parameter).step == 8)
    }

    @Test func averagedDescentKeepsTheAverage() throws {
        let parameter = Parameter(.ones([1], dtype: .float64))
        let optimizer = ASGD([parameter], lr: 0.1, lambd: 0.1, t0: 1)
        for gradient in Self.gradients {
            parameter.grad = .full([1], gradient, dtype: .float64)
            optimizer.step()
        }
        let state = optimizer.state(of: parameter)
        #expect(abs(try #require(state.tensors["ax"]).item() - 0.285659485126391) < 1e-7)
        #expect(try #require(state.numbers["mu"]) == 1.0 / 7)
    }

    private func steps(_ parameter: Parameter, _ optimizer: Optimizer, _ gradients: [Tensor]) {
        for gradient in gradients {
            parameter.grad = gradient
            optimizer.step()
        }
    }

    private let matrices = [
        Tensor([[1, 0, 2], [-1, 3, 1]] as [[Double]]), Tensor([[0, 1, -2], [1, 1, 1]] as [[Double]]),
    ]

    @Test func muonAgreesWithPyTorch() {
        let weight = Parameter(Tensor([[1, 2, 3], [4, 5, 7]] as [[Double]]))
        steps(weight, Muon([weight], lr: 0.1), matrices)
        let expected = [0.9204534888, 1.9079064131, 2.9667139053, 3.9430680275, 4.7487654686, 6.7811574936]
        // The steps are rounded to bfloat16 on the way.
        for (a, b) in zip(weight.data.array(as: Double.self), expected) { #expect(abs(a - b) < 2e-3) }
    }

    @Test func adafactorAgreesWithPyTorch() {
        let weight = Parameter(Tensor([[1, 2, 3], [4, 5, 7]] as [[Double]], dtype: .float64))
        let bias = Parameter(Tensor([1, 2] as [Double], dtype: .float64))
        let optimizer = Adafactor([weight, bias], lr: 0.1, weightDecay: 0.1)
        for (matrix, vector) in zip(matrices, [[1, -2], [3, 1]] as [[Double]]) {
            weight.grad = matrix.cast(to: .float64)
            bias.grad = Tensor(vector, dtype: .float64)
            optimizer.step()
        }
        let expected = [
            0.4842323393867018, 1.6934479988053635, 2.8454836864261983, 3.814245431126687, 4.1920268976264605,
            6.4140618075292535,
        ]
        for (a, b) in zip(weight.data.array(as: Double.self), expected) { #expect(abs(a - b) < 1e-12) }
        for (a, b) in zip(bias.data.array(as: Double.self), [0.6202271057071341, 2.010485681936752]) {
            #expect(abs(a - b) < 1e-12)
        }
        #expect(optimizer.state(of: weight).tensors["row_var"]?.shape == [2, 1])
        #expect(optimizer.state(of: weight).tensors["col_var"]?.shape == [1, 3])
        #expect(optimizer.state(of: bias).tensors["variance"]?.shape == [2])
    }

    struct Refusal: Sendable {
        let text: String
        let make: @Sendable ([Parameter]) -> Void
    }

    @Test(arguments: [
        Refusal(text: "NAdam: momentumDecay is -0.1. It must be 0 or more.") { _ = NAdam($0, momentumDecay: -0.1) },
        Refusal(text: "NAdam: betas.1 is 1.0. It must be at least 0") { _ = NAdam($0, betas: (0.9, 1)) },
        Refusal(text: "RAdam: lr is nan") { _ = RAdam($0, lr: .nan) },
        Refusal(text: "Adamax: eps is -1.0") { _ = Adamax($0, eps: -1) },
        Refusal(text: "RMSprop: alpha is -0.1") { _ = RMSprop($0, alpha: -0.1) },
        Refusal(text: "RMSprop: momentum is -0.1") { _ = RMSprop($0, momentum: -0.1) },
        Refusal(text: "Adagrad: lrDecay is -1.0") { _ = Adagrad($0, lrDecay: -1) },
        Refusal(text: "Adagrad: initialAccumulatorValue is -1.0") { _ = Adagrad($0, initialAccumulatorValue: -1) },
        Refusal(text: "Adadelta: rho is 1.5. It must be from 0 to 1.") { _ = Adadelta($0, rho: 1.5) },
        Refusal(text: "Rprop: etas are 1.5 and 1.2.") { _ = Rprop($0, etas: (1.5, 1.2)) },
        Refusal(text: "ASGD: lambd is -1.0") { _ = ASGD($0, lambd: -1) },
        Refusal(text: "Adafactor: beta2Decay is 0.5") { _ = Adafactor($0, beta2Decay: 0.5) },
        Refusal(text: "Adafactor: d is 0.5") { _ = Adafactor($0, d: 0.5) },
        Refusal(text: "Muon: a parameter has shape [2], but only matrices") { _ = Muon($0) },
        Refusal(text: "Muon: nsSteps is 100") { _ = Muon([Parameter(.zeros($0[0].count, 1))], nsSteps: 100) },
        Refusal(text: "LBFGS: maxIter is 0") { _ = LBFGS($0, maxIter: 0) },
        Refusal(text: "LBFGS: a step computes the loss several times.") { parameters in
            parameters[0].grad = .ones(2)
            LBFGS(parameters).step()
        },
        Refusal(text: "SGD: the new group has no parameters.") { SGD($0, lr: 0.1).add(ParameterGroup([], .init())) },
        Refusal(text: "SGD: a parameter appears more than once.") {
            SGD($0, lr: 0.1).add(ParameterGroup($0, .init()))
        },
    ])
    func wrongArgumentsAreRefused(_ refusal: Refusal) {
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { refusal.make([Parameter(.zeros(2))]) }
        }
        #expect(error?.description.contains(refusal.text) == true, "\(error?.description ?? "")")
    }

    @Test func groupsCanBeAddedLater() {
        let (early, late) = (Parameter(.ones(1)), Parameter(.ones(1)))
        let optimizer = SGD([early], lr: 0.5)
        optimizer.add(ParameterGroup([late], .init(lr: 0.25)))
        #expect(optimizer.parameters.map(ObjectIdentifier.init) == [early, late].map(ObjectIdentifier.init))
        for parameter in [early, late] { parameter.grad = .ones(1) }
        optimizer.step()
        #expect(early.data.item() == 0.5)
        #expect(late.data.item() == 0.75)
    }

    @Test func gradientsAddUpUntilTheyAreCleared() {
        let parameter = Parameter(.ones(1))
        let optimizer = SGD([parameter], lr: 0.25)
        for _ in 0..<3 { (parameter.tensor * 1.0).sum().backward() }
        optimizer.step()
        #expect(parameter.data.item() == 0.25)
    }

    @Test func aSavedOptimizerGoesOn() throws {
        func make(_ parameter: Parameter) -> NAdam { NAdam([parameter], lr: 0.1) }
        let (first, second) = (Parameter(.ones([1], dtype: .float64)), Parameter(.ones([1], dtype: .float64)))
        let (old, new) = (make(first), make(second))
        steps(first, old, [.full([1], 2.0, dtype: .float64), .full([1], -1.0, dtype: .float64)])
        old.lr = 0.05
        second.data = first.data
        try new.load(old.stateDict())
        #expect(new.lr == 0.05)
        #expect(new.state(of: second).numbers["mu_product"] == old.state(of: first).numbers["mu_product"])
        for (parameter, optimizer) in [(first, old), (second, new)] {
            steps(parameter, optimizer, [.full([1], 3.0, dtype: .float64)])
        }
        #expect(first.data.item() == second.data.item())
        var foreign = old.stateDict()
        foreign.states.append(OptimizerState())
        #expect(throws: TensorError.self) { try new.load(foreign) }
        foreign = old.stateDict()
        foreign.states[0].tensors["exp_avg"] = .zeros([2], dtype: .float64)
        #expect(throws: TensorError.self) { try new.load(foreign) }
    }
}
