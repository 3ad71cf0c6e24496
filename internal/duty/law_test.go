package duty_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// What the training for a post covers is the organ's to say (Art. 33); what it says nothing of stays, and so does the person.
func TestTheOrganSaysWhatAPostCovers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	p := duty.Person{Training: []duty.Training{
		{Post: "patrol", Items: []string{"cq-2021 15(1)"}, PassedOn: at}, {Post: "traffic", Items: []string{"cq-2021 15(3)"}, PassedOn: at},
	}}
	own := duty.Law{Posts: map[string][]string{"patrol": {"cq-2021 15(5)"}}}.Trained(p)
	for item, want := range map[string]law.Training{
		"cq-2021 15(1)": law.TrainingMissing, "cq-2021 15(3)": law.TrainingPassed, "cq-2021 15(5)": law.TrainingPassed,
	} {
		if got := own.TrainedFor(item, at); got != want {
			t.Errorf("%s: %v, want %v", item, got, want)
		}
	}
	if p.TrainedFor("cq-2021 15(1)", at) != law.TrainingPassed {
		t.Error("the person has changed")
	}
}

func TestTheOrgansAboveAPath(t *testing.T) {
	t.Parallel()
	if got := squadA1.AndAbove(); !slices.Equal(got, []duty.Path{"500000000000/", district, stationA, squadA1}) {
		t.Errorf("%v", got)
	}
	if got := duty.Path("").AndAbove(); got != nil {
		t.Errorf("nobody is under %v", got)
	}
}

// Who settles what the law leaves to a person is named by a permission, and so is who changes the law; an auxiliary does neither.
func TestWhoSettlesAndWhoChangesTheLaw(t *testing.T) {
	t.Parallel()
	if got := duty.RolesThat(duty.DecideMatter); !slices.Equal(got, []duty.Role{duty.RoleStationHead, duty.RoleLegal}) {
		t.Errorf("%v settle", got)
	}
	if got := duty.RolesThat(duty.ProposeLaw); !slices.Equal(got, []duty.Role{duty.RoleLegal}) {
		t.Errorf("%v change the law", got)
	}
}
