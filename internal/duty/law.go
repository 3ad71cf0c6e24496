package duty

import "github.com/dutybound/dutybound/internal/law"

// Law is the law of an organ at one moment: the rulebook of its place and what it and the organs above it have decided of it. The
// zero value is the default rulebook with nothing decided.
type Law struct {
	Rulebook string // empty: the default
	Settings law.Settings
	// Posts are the items of the statute that the training for a post covers (Art. 33), where an organ says so itself.
	Posts map[string][]string
	// Standing is what the organ has decided once and for all tasks about reasons that a person must settle, whoever is on the task.
	Standing []law.Decision
	// Policies are the measures that are not as they are unless an organ says so.
	Policies []Policy
}

// Trained is a person's training with what the posts cover under this law.
func (l Law) Trained(p Person) Person {
	if len(l.Posts) == 0 {
		return p
	}
	training := make([]Training, len(p.Training))
	for i, t := range p.Training {
		if items, own := l.Posts[t.Post]; own {
			t.Items = items
		}
		training[i] = t
	}
	p.Training = training
	return p
}
