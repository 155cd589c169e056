import ApusEngine
import ApusGraph

/// The batches of a loader on a device; one iteration is one epoch. See ``DataLoader/moved(to:)``.
public struct DeviceBatches: Sequence {
    /// Where the batches come from.
    public let loader: DataLoader
    /// Where they are.
    public let device: Device
    let residency: DataLoader.Residency

    /// Starts the next epoch.
    public func makeIterator() -> DataLoader.Iterator {
        loader.makeIterator(on: device, loader.resident(on: device, residency))
    }
}

extension DataLoader {
    /// Where the images are while batches are made of them.
    enum Residency: Sendable {
        /// On the device, if it is no CPU and they fit; otherwise in the processor's memory.
        case automatic
        /// On the device.
        case always
        /// In the processor's memory.
        case never
    }

    /// The batches of the loader, images and labels on a device: what `Trainer` and `Evaluator` iterate.
    ///
    ///     for (images, labels) in loader.moved(to: .cuda(0)) { … }
    ///
    /// A GPU makes the batches itself where it can: the whole data set is copied to it once, as bytes, and then a few
    /// numbers for each image. It can where
    ///
    /// - the images lie in memory (``InMemoryDataset``, ``ImageBytes``, and ``Subset``s of them),
    /// - they take at most half of the GPU's free memory,
    /// - the transforms are none but ``RandomCrop``, ``CenterCrop`` and ``Pad`` with constant borders,
    ///   ``RandomHorizontalFlip``, ``RandomVerticalFlip``, ``Grayscale`` and ``RandomGrayscale`` once and of bytes,
    ///   ``ToTensor`` and one ``Normalize``; borders that are not 0 are all the same and come before gray and numbers,
    ///   and no border comes behind `Normalize`,
    /// - and there is no batch transform.
    ///
    /// Otherwise each batch is made on the CPU and copied. The images are the same, bit for bit. The copy is shared by
    /// all loaders of a data set, and goes when the last loader goes that used it.
    ///
    /// - Parameter device: where the batches are to be; on the CPU they are what the loader itself gives.
    public func moved(to device: Device) -> DeviceBatches { moved(to: device, .automatic) }

    /// The same with a choice where the images are, for tests.
    func moved(to device: Device, _ residency: Residency) -> DeviceBatches {
        DeviceBatches(loader: self, device: device, residency: residency)
    }

    /// How the device makes the batches itself; nil where it does not.
    func resident(on device: Device, _ residency: Residency) -> ResidentBatches? {
        guard residency == .always || (residency == .automatic && device != .cpu), batchTransform == nil,
            // What is wrong with the transforms is said where the epoch begins.
            let source = try? LoaderSource(dataset, transform: transform), let data = source.bytes,
            let recipe = PixelRecipe(source.transforms, of: data.sampleShape),
            let images = data.residents.images(
                of: data, on: device, ifAllowed: { residency == .always || Self.fits(data, on: device) })
        else { return nil }
        keep(images, on: device)
        return ResidentBatches(recipe: recipe, images: images)
    }

    /// Whether the images leave at least as much memory free as they take: training needs some too.
    private static func fits(_ data: ImageBytes, on device: Device) -> Bool {
        guard let free = device.freeMemory else { return false }
        return ResidentImages.byteCount(of: data) <= free / 2
    }
}
