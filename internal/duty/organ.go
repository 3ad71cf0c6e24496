// Package duty holds the nouns that more than one capability shares: people and organs, who acts and what they may do, places
// and their datum; and the rounds that all of them make. It decides nothing about tasks and stores nothing.
package duty

import (
	"strings"

	"github.com/google/uuid"
)

// OrganKind is a level of the organ tree.
type OrganKind string

const (
	Bureau   OrganKind = "bureau"   // 市公安局
	District OrganKind = "district" // 分局
	Station  OrganKind = "station"  // 派出所
	Squad    OrganKind = "squad"    // 中队, 班组: part of the organ above it, no organ of its own in law
)

// Path is an organ's place in the tree: the codes from the root down, each followed by a slash, so that a subtree is a prefix.
// Example: "500000000000/500103000000/500103550000/".
type Path string

// Within says whether the path lies in the subtree of root (or is root itself).
func (p Path) Within(root Path) bool { return root != "" && strings.HasPrefix(string(p), string(root)) }

// AndAbove are the path and those of the organs above it, from the root down.
func (p Path) AndAbove() (paths []Path) {
	for i, c := range p {
		if c == '/' {
			paths = append(paths, p[:i+1])
		}
	}
	return paths
}

// Organ is a unit of the public security organs.
type Organ struct {
	ID   uuid.UUID `json:"id"`
	Code string    `json:"code"` // 12 digits for bureaus, districts and stations (GA 380); squads add a suffix
	Name string    `json:"name"`
	Kind OrganKind `json:"kind"`
	Path Path      `json:"path"`
}

// Employs is the path of the organ that the law speaks of: a squad is part of its station.
func (o Organ) Employs() Path {
	if o.Kind != Squad {
		return o.Path
	}
	above := strings.TrimSuffix(string(o.Path), "/")
	return Path(above[:strings.LastIndexByte(above, '/')+1])
}

// SameOrgan says whether an officer of organ o is of the same public security organ as a person employed by other (reading
// lead_same_organ): the same station, or the district or bureau that the other's station belongs to. Sister stations are not.
func (o Organ) SameOrgan(other Organ) bool { return other.Employs().Within(o.Employs()) }
