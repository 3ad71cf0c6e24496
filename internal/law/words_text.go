package law

// The text form of each word list, for JSON, YAML and messages.

func (p Phase) String() string               { return phaseWords.name(uint8(p)) }
func (p Phase) MarshalText() ([]byte, error) { return phaseWords.text(uint8(p)) }
func (p *Phase) UnmarshalText(text []byte) error {
	v, err := phaseWords.parse(text)
	*p = Phase(v)
	return err
}

func (c CaseKind) String() string               { return caseKindWords.name(uint8(c)) }
func (c CaseKind) MarshalText() ([]byte, error) { return caseKindWords.text(uint8(c)) }
func (c *CaseKind) UnmarshalText(text []byte) error {
	v, err := caseKindWords.parse(text)
	*c = CaseKind(v)
	return err
}

func (a Answer) String() string               { return answerWords.name(uint8(a)) }
func (a Answer) MarshalText() ([]byte, error) { return answerWords.text(uint8(a)) }
func (a *Answer) UnmarshalText(text []byte) error {
	v, err := answerWords.parse(text)
	*a = Answer(v)
	return err
}

func (s Signatory) String() string               { return signatoryWords.name(uint8(s)) }
func (s Signatory) MarshalText() ([]byte, error) { return signatoryWords.text(uint8(s)) }
func (s *Signatory) UnmarshalText(text []byte) error {
	v, err := signatoryWords.parse(text)
	*s = Signatory(v)
	return err
}

func (r Role) String() string               { return roleWords.name(uint8(r)) }
func (r Role) MarshalText() ([]byte, error) { return roleWords.text(uint8(r)) }
func (r *Role) UnmarshalText(text []byte) error {
	v, err := roleWords.parse(text)
	*r = Role(v)
	return err
}

func (s Status) String() string               { return statusWords.name(uint8(s)) }
func (s Status) MarshalText() ([]byte, error) { return statusWords.text(uint8(s)) }
func (s *Status) UnmarshalText(text []byte) error {
	v, err := statusWords.parse(text)
	*s = Status(v)
	return err
}

func (t Training) String() string               { return trainingWords.name(uint8(t)) }
func (t Training) MarshalText() ([]byte, error) { return trainingWords.text(uint8(t)) }
func (t *Training) UnmarshalText(text []byte) error {
	v, err := trainingWords.parse(text)
	*t = Training(v)
	return err
}

func (u Uniform) String() string               { return uniformWords.name(uint8(u)) }
func (u Uniform) MarshalText() ([]byte, error) { return uniformWords.text(uint8(u)) }
func (u *Uniform) UnmarshalText(text []byte) error {
	v, err := uniformWords.parse(text)
	*u = Uniform(v)
	return err
}

func (r Recording) String() string               { return recordingWords.name(uint8(r)) }
func (r Recording) MarshalText() ([]byte, error) { return recordingWords.text(uint8(r)) }
func (r *Recording) UnmarshalText(text []byte) error {
	v, err := recordingWords.parse(text)
	*r = Recording(v)
	return err
}

func (r Recusal) String() string               { return recusalWords.name(uint8(r)) }
func (r Recusal) MarshalText() ([]byte, error) { return recusalWords.text(uint8(r)) }
func (r *Recusal) UnmarshalText(text []byte) error {
	v, err := recusalWords.parse(text)
	*r = Recusal(v)
	return err
}

func (e EquipmentClass) String() string               { return classWords.name(uint8(e)) }
func (e EquipmentClass) MarshalText() ([]byte, error) { return classWords.text(uint8(e)) }
func (e *EquipmentClass) UnmarshalText(text []byte) error {
	v, err := classWords.parse(text)
	*e = EquipmentClass(v)
	return err
}

func (e EquipmentUse) String() string               { return useWords.name(uint8(e)) }
func (e EquipmentUse) MarshalText() ([]byte, error) { return useWords.text(uint8(e)) }
func (e *EquipmentUse) UnmarshalText(text []byte) error {
	v, err := useWords.parse(text)
	*e = EquipmentUse(v)
	return err
}

func (p Presence) String() string               { return presenceWords.name(uint8(p)) }
func (p Presence) MarshalText() ([]byte, error) { return presenceWords.text(uint8(p)) }
func (p *Presence) UnmarshalText(text []byte) error {
	v, err := presenceWords.parse(text)
	*p = Presence(v)
	return err
}

func (c CommandMode) String() string               { return modeWords.name(uint8(c)) }
func (c CommandMode) MarshalText() ([]byte, error) { return modeWords.text(uint8(c)) }
func (c *CommandMode) UnmarshalText(text []byte) error {
	v, err := modeWords.parse(text)
	*c = CommandMode(v)
	return err
}
