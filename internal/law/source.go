package law

import (
	"fmt"
	"regexp"
	"strings"
)

// sourceArticle is one article of the text an instrument quotes, cut into the units that a file must cover.
type sourceArticle struct {
	number int
	words  string
	units  []unit
}

// unit is the smallest thing that can be cited: an item where a paragraph has items, else the paragraph.
type unit struct {
	ref   string // "16(2)", "19¶1(3)", "33¶1", "44", of an annex "annex1(3)"
	words string
}

var (
	articleHead = regexp.MustCompile(`^(?:第([〇零一二三四五六七八九十百]+)条　|附件([1-9])　([一二三四五六七八九十]+)、)`)
	itemHead    = regexp.MustCompile(`（([一二三四五六七八九十]+)）`)
)

// annexStep sets the provisions of annexes apart from articles, whose numbers are smaller: annex 1, provision 3 is 1003.
const annexStep = 1000

// numberOf reads the number that an article, or a provision of an annex, begins with.
func numberOf(head []string) int {
	if head[2] == "" {
		return numeral(head[1])
	}
	return int(head[2][0]-'0')*annexStep + numeral(head[3])
}

// refOf is how an article is cited, or a provision of an annex.
func refOf(number int) string {
	if number < annexStep {
		return itoa(number)
	}
	return fmt.Sprintf("annex%d(%d)", number/annexStep, number%annexStep)
}

// parseSource cuts a text: an article begins with its number, each further line is a paragraph, items are numbered in brackets.
// The provisions of an annex are given like articles, with the annex before their number: 附件1　三、.
func parseSource(text string) ([]sourceArticle, error) {
	var articles []sourceArticle
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		head := articleHead.FindStringSubmatch(line)
		switch {
		case head != nil:
			articles = append(articles, sourceArticle{number: numberOf(head), words: line})
		case len(articles) == 0 || line == "":
			return nil, fmt.Errorf("line %d: no article begins here", i+1)
		default:
			articles[len(articles)-1].words += "\n" + line
		}
	}
	for i := range articles {
		articles[i].units = cut(articles[i].number, articles[i].words)
	}
	return articles, nil
}

// cut names the units of an article's words.
func cut(number int, words string) []unit {
	paragraphs := strings.Split(words, "\n")
	var units []unit
	for i, paragraph := range paragraphs {
		ref := refOf(number)
		if len(paragraphs) > 1 {
			ref = fmt.Sprintf("%s¶%d", ref, i+1)
		}
		items := itemHead.FindAllStringSubmatchIndex(paragraph, -1)
		if len(items) == 0 {
			units = append(units, unit{ref, articleHead.ReplaceAllString(paragraph, "")})
		}
		for j, at := range items {
			end := len(paragraph)
			if j+1 < len(items) {
				end = items[j+1][0]
			}
			n := numeral(paragraph[at[2]:at[3]])
			units = append(units, unit{fmt.Sprintf("%s(%d)", ref, n), strings.Trim(paragraph[at[1]:end], "；。")})
		}
	}
	return units
}

// numeral reads a Chinese number below a thousand.
func numeral(text string) int {
	total, digit := 0, 0
	for _, r := range text {
		switch r {
		case '百':
			total, digit = total+max(digit, 1)*100, 0
		case '十':
			total, digit = total+max(digit, 1)*10, 0
		default:
			digit = strings.Index("零一二三四五六七八九", string(r)) / len("零")
			if r == '〇' {
				digit = 0
			}
		}
	}
	return total + digit
}

// covers says whether a citation of an item reaches a unit: itself, or the article or paragraph it stands in.
func covers(ref, unit string) bool {
	rest, ok := strings.CutPrefix(unit, ref)
	return ok && (rest == "" || strings.HasPrefix(rest, "¶") || strings.HasPrefix(rest, "("))
}
