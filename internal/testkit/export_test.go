package testkit

var RealRedis = realRedis
