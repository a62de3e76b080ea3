module example.com/deploy

go 1.23

require example.com/kubernetes v0.0.0

require gopkg.in/validator.v2 v2.0.1 // indirect

replace example.com/kubernetes => ./kubernetes
