import ApusCUDA

/// The GPUs of this machine and CUDA's libraries, or why there are none; see `CUDAReport`.
public typealias CUDAInformation = CUDAReport
