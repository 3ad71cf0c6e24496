package httpapi

import (
	"context"
	"time"

	wire "github.com/oapi-codegen/runtime/types"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

func (h *handlers) ListArticles(ctx context.Context, r ListArticlesRequestObject) (ListArticlesResponseObject, error) {
	book, err := h.Law(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	named := value(r.Params.Instrument)
	list, err := articles(book, func(a law.Article) bool { return named == "" || a.Instrument == named })
	return ListArticles200JSONResponse(list), err
}

func (h *handlers) GetArticle(ctx context.Context, r GetArticleRequestObject) (GetArticleResponseObject, error) {
	book, err := h.Law(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	instrument := book.ID()
	if r.Params.Instrument != nil {
		instrument = *r.Params.Instrument
	}
	list, err := articles(book, func(a law.Article) bool { return a.Instrument == instrument && a.Number == r.Number })
	return GetArticle200JSONResponse(list), err
}

// articles are the rows of the traceability table that are asked for; none is not there.
func articles(book Law, asked func(law.Article) bool) (api.ArticleList, error) {
	list := api.ArticleList{Articles: []api.Article{}, Rulebooks: convert(book.Rulebooks(), rulebookOf)}
	for _, a := range book.Articles() {
		if asked(a) {
			list.Articles = append(list.Articles, articleOf(a))
		}
	}
	if len(list.Articles) == 0 {
		return list, fault.Missing("article")
	}
	return list, nil
}

func articleOf(a law.Article) api.Article {
	return api.Article{
		Instrument: a.Instrument, Title: textOf(a.Title), Citation: a.Citation, Number: a.Number, From: wire.Date{Time: a.From}, To: boundOf(a.To),
		Words: a.Words, Gloss: optional(a.Gloss), Units: convert(a.Units, unitOf),
	}
}

func boundOf(t time.Time) *wire.Date {
	if t.IsZero() {
		return nil
	}
	return &wire.Date{Time: t}
}

func unitOf(u law.Unit) api.ArticleUnit {
	return api.ArticleUnit{Citation: u.Citation, Words: u.Words, Items: convert(u.Items, itemOf)}
}

func itemOf(it law.Item) api.ArticleItem {
	return api.ArticleItem{
		Kind: it.Kind, By: optional(api.ArticleItemBy(it.By)), Note: optional(textOf(it.Note)), From: boundOf(it.From), To: boundOf(it.To),
		Acts: convert(it.Acts, actOf), Asks: convert(it.Asks, conditionOf), Closes: convert(it.Closes, closingOf),
		Equipment: convert(it.Equipment, equipmentSaidOf), Advice: convert(it.Advice, adviceOf), Readings: convert(it.Readings, readingOf),
	}
}

func closingOf(c law.Closing) api.Closing {
	closing := api.Closing{When: c.When, Scope: c.Scope, Verdict: api.Outcome(c.Verdict.String()), Except: c.Except}
	if c.Except != nil {
		closing.ExceptVerdict = optional(api.Outcome(c.ExceptVerdict.String()))
	}
	return closing
}

func equipmentSaidOf(e law.EquipmentSaid) api.EquipmentSaid {
	return api.EquipmentSaid{
		Class: api.EquipmentClass(e.Class.String()), Role: api.LegalRole(e.Role.String()), Verdict: e.Verdict,
		Uses: convert(e.Uses, func(u law.EquipmentUse) api.EquipmentSaidUses { return api.EquipmentSaidUses(u.String()) }),
	}
}
