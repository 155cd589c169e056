import ApusGraph

extension Device {
    /// The best device of this machine that the engine has a backend for.
    public static var best: Device { .cpu }
}
