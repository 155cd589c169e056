import ApusData
import ApusEngine
import ApusGraph

extension DataLoader {
    /// The batches of the loader, images and labels on a device.
    func moved(to device: Device) -> some Sequence<(Tensor, Tensor)> {
        lazy.map { images, labels in (images.moved(to: device), labels.moved(to: device)) }
    }
}
