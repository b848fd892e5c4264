"""The retrievers inside LangChain and LlamaIndex: their own documents, and where each stands."""

from __future__ import annotations

from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore
from served import LEAVE

from qa_bot import retrieve
from qa_bot.integrations import langchain, llama_index
from qa_bot.serving.desk import OpenedDesk

SENTENCE = "Employees receive twenty-five days of paid leave every year."


def test_langchain_gets_passages_with_their_places(desk: OpenedDesk) -> None:
    with desk.snapshot() as index:
        retriever = langchain.QaBotRetriever(index=index, k=3, documents=["staff"])
        found = retriever.invoke(LEAVE)
        hits = retrieve(LEAVE, index, 3, ["staff"])
        assert isinstance(found[0], Document)
        assert [one.page_content for one in found] == [hit.passage.text for hit in hits]
        assert [one.metadata["score"] for one in found] == [hit.score for hit in hits]
        told = found[0].metadata
        text = index.document(told["source"]).text
        assert text[told["start"] : told["end"]] == found[0].page_content
        assert SENTENCE in found[0].page_content
        assert told["section"] == "Annual leave"
        named = index.named(told["permalink"].partition("=")[2].partition(":")[0])
        assert named is not None
        assert named.document_id == "staff/handbook.md"
        lift = retriever.invoke("Who services the lift of the annexe?")[0]
        assert (lift.metadata["source"], lift.metadata["page"]) == ("staff/lift.pdf", "1")


def test_llama_index_gets_nodes_with_their_places(desk: OpenedDesk) -> None:
    with desk.snapshot() as index:
        retriever = llama_index.QaBotRetriever(index, k=2, documents=["staff"])
        found = retriever.retrieve(LEAVE)
        hits = retrieve(LEAVE, index, 2, ["staff"])
        assert isinstance(found[0], NodeWithScore)
        assert [one.node.get_content() for one in found] == [hit.passage.text for hit in hits]
        assert [one.score for one in found] == [hit.score for hit in hits]
        told = found[0].node.metadata
        assert (told["source"], told["section"]) == ("staff/handbook.md", "Annual leave")
        assert found[0].node.node_id == f"{told['digest']}:{told['start']}-{told['end']}"
