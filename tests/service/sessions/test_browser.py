"""What a real browser records is spoken while it comes."""

import base64

import pytest

RECORD = """
async seconds => {
    const context = new AudioContext();
    await context.resume();
    const tone = new OscillatorNode(context, {type: "sawtooth", frequency: 120});
    const out = new MediaStreamAudioDestinationNode(context);
    tone.connect(out);
    tone.start();
    const recorder = new MediaRecorder(out.stream, {mimeType: "audio/webm;codecs=opus"});
    const pieces = [];
    recorder.ondataavailable = event => pieces.push(event.data);
    const stopped = new Promise(resolve => recorder.onstop = resolve);
    recorder.start(250);
    const began = context.currentTime;
    while (context.currentTime - began < seconds) await new Promise(resolve => setTimeout(resolve, 50));
    recorder.stop();
    await stopped;
    const encode = async piece => {
        const bytes = new Uint8Array(await piece.arrayBuffer());
        return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
    };
    return Promise.all(pieces.filter(piece => piece.size).map(encode));
}
"""


async def test_what_a_browser_records_comes_back_as_a_film(chromium, holder, live_shop):
    page = await chromium.new_page()
    await page.goto(f"{live_shop.url}/health/live")
    pieces = [base64.b64decode(each) for each in await page.evaluate(RECORD, 1.5)]
    await page.close()
    assert pieces[0].startswith(b"\x1aE\xdf\xa3")

    async with holder.connect(input_type="audio") as client:
        await client.send(*pieces, "!!!Close!!!")
        assert await client.closed() == (1000, "")

    assert [each["utterance"] for each in client.of("shown")] == ["1"]
    seconds = client.of("spoken")[0]["audio_duration"]
    assert seconds > 1.3
    assert client.frames / 25 == pytest.approx(seconds, abs=1)
