package main

// Main is the whole program, for a test process that plays it.
var Main = main

// Commands is the command line.
type Commands = commands
