package law

// Must is must for the tests: that good data never makes it panic says nothing about bad data.
var Must = must[int]
