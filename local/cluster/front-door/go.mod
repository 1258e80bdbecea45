module ecommerce-platform/front-door

go 1.21
