// Averages the supersampled picture, develops it like film, and lays it over a studio backdrop.
in vec2 across;
out vec4 pixel;
uniform sampler2D picture;
uniform vec3 backdrop_centre, backdrop_edge;
uniform int samples;

const vec3 LUMA = vec3(.3, .55, .15);

vec3 developed(vec3 light) {
    light *= 1.12;
    float luma = dot(light, LUMA);
    vec3 kept_hue = light * ((1. - exp(-1.25 * luma)) / max(luma, 1e-4)), per_channel = 1. - exp(-1.25 * light);
    vec3 c = mix(kept_hue, per_channel, .65);
    c = mix(vec3(dot(c, LUMA)), c, .86);
    return pow(clamp(c * 1.03 - .004, 0., 1.), vec3(1. / 2.2));
}

void main() {
    vec3 backdrop = mix(backdrop_centre, backdrop_edge, smoothstep(.05, .8, length(across - vec2(.5, .58))));
    vec3 sum = vec3(0);
    for (int i = 0; i < samples; i++)
        for (int j = 0; j < samples; j++) {
            vec4 c = texelFetch(picture, ivec2(gl_FragCoord.xy) * samples + ivec2(i, j), 0);
            sum += mix(backdrop, developed(c.rgb), c.a);
        }
    float dither = fract(sin(dot(gl_FragCoord.xy, vec2(12.98, 78.2))) * 43758.5) - .5;
    pixel = vec4(sum / float(samples * samples) + dither / 255., 1);
}
