module ecommerce-platform/storage-provisioner

go 1.21
