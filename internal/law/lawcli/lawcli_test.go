package lawcli_test

import (
	"bytes"
	"testing"
	"path/filepath"
	"github.com/dutybound/dutybound/internal/law/lawcli"
)

func TestX(t *testing.T) {
	var o, e bytes.Buffer
	files, _ := filepath.Glob("../testdata/cases/*.yaml")
	c := lawcli.Test(files, nil, &o, &e)
	t.Log(c, o.String(), e.String())
	o.Reset()
	lawcli.Explain("incident-handling", &o, &e)
	t.Log(o.String())
	lawcli.Check("../instruments/cq-2021", &o, &e)
	lawcli.Check("../instruments", &o, &e)
	t.Log(o.String()[len(o.String())-200:])
}
