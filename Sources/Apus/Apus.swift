// All that a user of the framework writes is `import Apus`.
@_exported import ApusData
@_exported import ApusEngine
@_exported import ApusGraph
@_exported import ApusInterop
@_exported import ApusModels
@_exported import ApusNN
@_exported import ApusOptim
@_exported import ApusTraining
