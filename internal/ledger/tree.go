package ledger

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the growing right edge of a Merkle tree (RFC 6962): all that is needed to add records and to know the root. The zero
// value is an empty tree.
type Tree struct {
	size int64
	edge []tlog.Hash // roots of the perfect subtrees that make up the tree, largest first
}

// EdgeIndexes says where a tree of a size keeps its edge among its stored hashes, in the order that Resume takes them.
func EdgeIndexes(size int64) []int64 {
	indexes := make([]int64, 0, bits.OnesCount64(uint64(size)))
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	return indexes
}

// Resume goes on with a tree of a size from the stored hashes of its edge.
func Resume(size int64, edge []tlog.Hash) Tree { return Tree{size: size, edge: edge} }

// Size is the number of records.
func (t *Tree) Size() int64 { return t.size }

// Add appends a record and returns the hashes to store for it: its own and those of the subtrees that it completes. They follow
// the hashes of the record before, from index tlog.StoredHashIndex(0, size).
func (t *Tree) Add(record []byte) []tlog.Hash {
	h := tlog.RecordHash(record)
	stored := []tlog.Hash{h}
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		stored = append(stored, h)
	}
	t.edge = append(t.edge, h)
	t.size++
	return stored
}

// Root is the hash of the whole tree.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return tlog.Hash{}
	}
	last := len(t.edge) - 1
	root := t.edge[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.edge[i], root)
	}
	return root
}

// Fork is a copy that grows on its own.
func (t *Tree) Fork() Tree {
	return Tree{size: t.size, edge: append([]tlog.Hash(nil), t.edge...)}
}
